//! Waits for the first call: asks for the key that was used last until there is one.

use std::time::Duration;

use keyward_api::keys::ApiKey;
use leptos::prelude::*;
use leptos::task::spawn_local;
use time::OffsetDateTime;

use crate::clock;
use crate::components::icon::{Icon, icon};
use crate::context::{Context, context};
use crate::erased::live;
use crate::text::plural;

const AGAIN: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
pub struct FirstCall {
    /// The key that was used last, or any if none was.
    pub last: RwSignal<Option<ApiKey>>,
    /// For how long the call is past, drawn again each time it is asked.
    now: RwSignal<OffsetDateTime>,
    context: Context,
}

impl FirstCall {
    pub fn wait() -> Self {
        let call = Self {
            last: RwSignal::new(None),
            now: RwSignal::new(clock::read()),
            context: context(),
        };
        call.ask();
        let again = set_interval_with_handle(move || call.ask(), AGAIN).ok();
        on_cleanup(move || _ = again.map(|again| again.clear()));
        call
    }

    /// What fails is asked again; the page says elsewhere that the server is away.
    fn ask(self) {
        self.now.set(clock::read());
        let was_called = |key: &ApiKey| key.last_used_at.is_some();
        if self.last.read_untracked().as_ref().is_some_and(was_called) {
            return;
        }
        spawn_local(async move {
            if let Ok(key) = self.context.client.last_used_key().await {
                self.last.try_set(key);
            }
        });
    }

    /// `Waiting for the first call...`, then who called and when.
    pub fn line(self) -> AnyView {
        let text = move || {
            let last = self.last.read();
            let key = last.as_ref()?;
            let at = key.last_used_at?;
            let from = key.last_used_address.as_deref().unwrap_or("an unknown address");
            Some(format!("First call from {from}, {}", ago(at, self.now.get())))
        };
        let line = live(move || match text() {
            Some(text) => view! { <p class="first-call">{icon(Icon::Check)} {text}</p> }.into_any(),
            None => view! {
                <p class="waiting">{icon(Icon::Clock)} "Waiting for the first call..."</p>
            }
            .into_any(),
        });
        view! { <div role="status">{line}</div> }.into_any()
    }
}

/// `2 s ago`: in seconds for the first minute.
fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let seconds = (now - at).whole_seconds().max(0);
    if seconds < 60 { format!("{seconds} s ago") } else { plural(seconds / 60, "minute") + " ago" }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::ago;

    #[test]
    fn a_call_is_told_in_seconds_and_then_in_minutes() {
        let at = datetime!(2026-11-22 12:00 UTC);
        assert_eq!(ago(at, at - Duration::SECOND), "0 s ago");
        assert_eq!(ago(at, at + Duration::seconds(2)), "2 s ago");
        assert_eq!(ago(at, at + Duration::seconds(125)), "2 minutes ago");
    }
}
