//! The button that deletes a key on its second activation.
//!
//! 1. The first activation arms it, and disarms any other.
//! 2. It disarms after three seconds, counted only while neither focus nor pointer is on
//!    it, so that it waits for a person who is still reading.
//! 3. Escape disarms.
//! 4. The row goes when the server has said so; the focus then goes to the next row.

use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::erased::{effect, memo};
use crate::focus::neighbour;
use crate::keys::store::{Armed, Keys};

const DISARM_AFTER: Duration = Duration::from_secs(3);

#[component]
pub fn DeleteButton(
    id: StoredValue<String>,
    name: Memo<String>,
    /// The id of the element: a key has a button in its row and one on its page.
    button: String,
) -> impl IntoView {
    let keys: Keys = expect_context();
    let button = StoredValue::new(button);
    let node = NodeRef::<html::Button>::new();
    let [has_focus, has_pointer] = [(); 2].map(|()| RwSignal::new(false));
    let is_armed = memo(move || {
        keys.armed.read().as_ref().is_some_and(|armed| armed.button == *button.read_value())
    });
    let is_deleting = memo(move || keys.deleting.read().contains(&*id.read_value()));
    disarm_when_left_alone(keys, is_armed, move || has_focus.get() || has_pointer.get());

    let says = move || match (is_deleting.get(), is_armed.get()) {
        (true, _) => "Deleting...",
        (false, true) => "Confirm delete",
        (false, false) => "Delete",
    };
    let label = move || match (is_deleting.get(), is_armed.get()) {
        (true, _) => format!("Deleting {}", name.get()),
        (false, true) => format!("Confirm delete {}", name.get()),
        (false, false) => format!("Delete {}", name.get()),
    };
    let activate = move |event: ev::MouseEvent| {
        // The second click of a double click confirms nothing.
        if is_deleting.get_untracked() || event.detail() > 1 {
            return;
        }
        if is_armed.get_untracked() {
            let Some(key) = untrack(|| keys.get(&id.read_value())) else { return };
            let next = neighbour(&keys.pages.ids.read_untracked(), &key.id);
            keys.delete(key, next);
        } else {
            keys.armed.set(Some(Armed { id: id.get_value(), button: button.get_value() }));
        }
    };
    let disarm_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && is_armed.get_untracked() {
            // It does not close the page of the key as well.
            event.stop_propagation();
            keys.armed.set(None);
        }
    };
    view! {
        <button
            type="button"
            class="button button-delete"
            class:is-armed=move || is_armed.get()
            id=button.get_value()
            aria-label=label
            aria-disabled=move || is_deleting.get().then_some("true")
            node_ref=node
            on:click=activate
            on:keydown=disarm_on_escape
            on:focus=move |_| has_focus.set(true)
            on:blur=move |_| has_focus.set(false)
            on:pointerenter=move |_| has_pointer.set(true)
            on:pointerleave=move |_| has_pointer.set(false)
        >
            {move || says()}
        </button>
    }
}

/// Starts the clock when the armed button is left, and stops it when it is entered.
fn disarm_when_left_alone(keys: Keys, is_armed: Memo<bool>, is_held: impl Fn() -> bool + 'static) {
    let mut clock = None::<TimeoutHandle>;
    effect(move || {
        if let Some(clock) = clock.take() {
            clock.clear();
        }
        if !is_armed.get() || is_held() {
            return;
        }
        let disarm = move || {
            if is_armed.try_get_untracked() == Some(true) {
                keys.armed.set(None);
            }
        };
        clock = set_timeout_with_handle(disarm, DISARM_AFTER).ok();
    });
}
