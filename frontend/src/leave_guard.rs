//! Asks before the person leaves something that cannot be shown again. What holds such a thing
//! registers here; the location and the frame of the page know no more about it.

use leptos::ev;
use leptos::prelude::*;

#[derive(Clone, Copy)]
struct Holder {
    would_lose: Callback<(), bool>,
    release: Callback<()>,
}

#[derive(Clone, Copy)]
pub struct LeaveGuard {
    holder: StoredValue<Option<Holder>>,
    /// The action that waits for the answer of the person.
    pub pending: RwSignal<Option<UnsyncCallback<()>>>,
}

impl LeaveGuard {
    /// Also warns before the window is closed or reloaded.
    pub fn new() -> Self {
        let guard = Self { holder: StoredValue::new(None), pending: RwSignal::new(None) };
        window_event_listener(ev::beforeunload, move |event| {
            if guard.would_lose() {
                event.prevent_default();
                // Older browsers look at the return value; none shows the text.
                event.set_return_value("unsaved");
            }
        });
        guard
    }

    pub fn register(
        self,
        would_lose: impl Fn() -> bool + Send + Sync + 'static,
        release: impl Fn() + Send + Sync + 'static,
    ) {
        let would_lose = Callback::new(move |()| would_lose());
        let release = Callback::new(move |()| release());
        self.holder.set_value(Some(Holder { would_lose, release }));
    }

    pub fn would_lose(self) -> bool {
        self.holder.get_value().is_some_and(|holder| holder.would_lose.run(()))
    }

    /// Gives up what is held.
    pub fn release(self) {
        if let Some(holder) = self.holder.get_value() {
            holder.release.run(());
        }
    }

    /// Runs `action` at once if nothing would be lost, otherwise after the person agreed.
    pub fn leave(self, action: impl Fn() + 'static) {
        if self.would_lose() {
            self.pending.set(Some(UnsyncCallback::new(move |()| action())));
        } else {
            action();
        }
    }
}
