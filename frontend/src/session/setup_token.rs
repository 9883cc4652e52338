//! The one-time setup token, which arrives in the fragment of the link that the server
//! prints. A fragment is never sent to a server; the history would keep it.

use keyward_api::Sensitive;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::routes;

/// Only on the setup page.
pub fn take() -> Option<Sensitive> {
    if location_pathname().as_deref() != Some(routes::SETUP) {
        return None;
    }
    let token = token_in(&location().hash().ok()?)?;
    let history = window().history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(routes::SETUP)).ok()?;
    Some(token.into())
}

fn token_in(fragment: &str) -> Option<String> {
    let token = fragment.trim_start_matches('#').strip_prefix("token=")?;
    (!token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::token_in;

    #[test]
    fn the_token_is_what_follows_its_name() {
        assert_eq!(token_in("#token=a-b_c=").as_deref(), Some("a-b_c="));
        for none in ["", "#", "#token=", "#other=x", "#xtoken=y"] {
            assert_eq!(token_in(none), None, "{none}");
        }
    }
}
