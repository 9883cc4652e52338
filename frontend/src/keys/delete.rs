//! The button that deletes a key on its second activation.
//!
//! 1. The first activation arms it, and disarms any other.
//! 2. It disarms after three seconds, counted only while neither focus nor pointer is on
//!    it: nobody is timed out who is still reading.
//! 3. Escape disarms.
//! 4. The row goes when the server has said so; the focus then goes to the next row.

use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::keys::section::AddButton;
use crate::keys::store::Keys;

const DISARM_AFTER: Duration = Duration::from_secs(3);

/// The button of one row.
#[component]
pub fn DeleteButton(id: StoredValue<String>, name: Memo<String>) -> impl IntoView {
    let keys: Keys = expect_context();
    let add_button: AddButton = expect_context();
    let node = NodeRef::<html::Button>::new();
    let [has_focus, has_pointer] = [(); 2].map(|()| RwSignal::new(false));
    let is_armed = Memo::new(move |_| keys.armed.get() == Some(id.get_value()));
    let is_deleting = Memo::new(move |_| keys.deleting.read().contains(&*id.read_value()));
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
            let heir = neighbour(&keys.visible.read_untracked(), &key.id);
            keys.delete(key, move || hand_focus_on(heir, add_button));
        } else {
            keys.armed.set(Some(id.get_value()));
        }
    };
    let disarm_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && is_armed.get_untracked() {
            keys.armed.set(None);
        }
    };
    view! {
        <button
            type="button"
            class="button button-delete"
            class:is-armed=is_armed
            id=element_id(&id.read_value())
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
            {says}
        </button>
    }
}

/// Starts the clock when the armed button is left, and stops it when it is not.
fn disarm_when_left_alone(keys: Keys, is_armed: Memo<bool>, is_held: impl Fn() -> bool + 'static) {
    Effect::new(move |clock: Option<Option<TimeoutHandle>>| {
        if let Some(Some(clock)) = clock {
            clock.clear();
        }
        if !is_armed.get() || is_held() {
            return None;
        }
        let disarm = move || {
            if is_armed.try_get_untracked() == Some(true) {
                keys.armed.set(None);
            }
        };
        set_timeout_with_handle(disarm, DISARM_AFTER).ok()
    });
}

fn element_id(id: &str) -> String {
    format!("delete-{id}")
}

/// The row below, or above when there is none below.
fn neighbour(visible: &[String], id: &str) -> Option<String> {
    let place = visible.iter().position(|other| other == id)?;
    visible.get(place + 1).or_else(|| visible.get(place.checked_sub(1)?)).cloned()
}

/// Unless the person has moved on meanwhile: then the focus is somewhere, not nowhere.
fn hand_focus_on(heir: Option<String>, add_button: AddButton) {
    request_animation_frame(move || {
        let is_nowhere =
            document().active_element().is_none_or(|element| element.tag_name() == "BODY");
        if !is_nowhere {
            return;
        }
        let button = heir.and_then(|heir| document().get_element_by_id(&element_id(&heir)));
        match button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
            Some(button) => drop(button.focus()),
            None => add_button.focus(),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::neighbour;

    #[test]
    fn the_focus_goes_to_the_row_below_or_else_above() {
        let rows = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(neighbour(&rows, "b").as_deref(), Some("c"));
        assert_eq!(neighbour(&rows, "c").as_deref(), Some("b"));
        assert_eq!(neighbour(&rows[..1], "a"), None);
        assert_eq!(neighbour(&rows[..1], "b"), None);
    }
}
