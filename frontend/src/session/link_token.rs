//! The one-time token of a link that lets somebody in: to set up, or of an invitation. It arrives
//! in the fragment, which is never sent to a server; the history would keep it.

use keyward_api::Sensitive;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::routes;

/// Only on the pages that such a link leads to.
pub fn take() -> Option<Sensitive> {
    let here = location_pathname()?;
    if ![routes::SETUP, routes::INVITATION].contains(&here.as_str()) {
        return None;
    }
    let token = token_in(&location().hash().ok()?)?;
    let history = window().history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&here)).ok()?;
    Some(token.into())
}

/// Takes the token of a link that is opened over the page: one that differs in its fragment alone
/// does not load the page again.
pub fn follow(token: RwSignal<Option<Sensitive>>) {
    let listener = window_event_listener(ev::hashchange, move |_| {
        if let Some(taken) = take() {
            token.set(Some(taken));
        }
    });
    on_cleanup(move || listener.remove());
}

/// The token in what a person pastes: itself, or the whole link.
pub fn of(text: &str) -> &str {
    let text = text.trim();
    text.split_once("#token=").map_or(text, |(_, token)| token)
}

fn token_in(fragment: &str) -> Option<String> {
    let token = fragment.trim_start_matches('#').strip_prefix("token=")?;
    (!token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{of, token_in};

    #[test]
    fn a_token_is_pasted_alone_or_with_its_link() {
        assert_eq!(of(" a-b_c= \n"), "a-b_c=");
        assert_eq!(of("http://127.0.0.1:8080/setup#token=a-b_c="), "a-b_c=");
        assert_eq!(of(""), "");
    }

    #[test]
    fn the_token_is_what_follows_its_name() {
        assert_eq!(token_in("#token=a-b_c=").as_deref(), Some("a-b_c="));
        for none in ["", "#", "#token=", "#other=x", "#xtoken=y"] {
            assert_eq!(token_in(none), None, "{none}");
        }
    }
}
