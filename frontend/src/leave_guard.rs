//! Asks before the person leaves a value that is not shown again.

use leptos::ev;
use leptos::prelude::*;

use crate::one_time::OneTimeValues;

#[derive(Clone, Copy)]
pub struct LeaveGuard {
    pub one_time: OneTimeValues,
    /// The action that waits for the answer of the person.
    pub pending: RwSignal<Option<UnsyncCallback<()>>>,
}

impl LeaveGuard {
    /// Also warns before the window is closed or reloaded.
    pub fn new(one_time: OneTimeValues) -> Self {
        window_event_listener(ev::beforeunload, move |event| {
            if one_time.would_be_lost() {
                event.prevent_default();
                // Older browsers look at the return value; none shows the text.
                event.set_return_value("uncopied value");
            }
        });
        Self { one_time, pending: RwSignal::new(None) }
    }

    /// Runs `action` at once if nothing would be lost, otherwise after the person agreed.
    pub fn leave(self, action: impl Fn() + 'static) {
        if self.one_time.would_be_lost() {
            self.pending.set(Some(UnsyncCallback::new(move |()| action())));
        } else {
            action();
        }
    }
}
