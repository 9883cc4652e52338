//! Moving the focus, above all when the row that has it goes.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

pub fn focus(element: Option<&web_sys::HtmlElement>) {
    if let Some(element) = element {
        // Fails only for an element that cannot have the focus.
        let _ = element.focus();
    }
}

pub fn focus_content() {
    focus_now("content");
}

/// In the next frame, when the element is drawn.
pub fn focus_id(id: &'static str) {
    request_animation_frame(move || focus_now(id));
}

fn focus_now(id: &str) {
    let element = document().get_element_by_id(id);
    focus(element.and_then(|element| element.dyn_into().ok()).as_ref());
}

/// The row below, or above if there is none below.
pub fn neighbour(visible: &[String], id: &str) -> Option<String> {
    let index = visible.iter().position(|other| other == id)?;
    visible.get(index + 1).or_else(|| visible.get(index.checked_sub(1)?)).cloned()
}

/// Focuses the element with this id, or else a button that stays, unless the person has moved the
/// focus in the meantime.
pub fn move_focus(next: Option<String>, fallback: NodeRef<html::Button>) {
    request_animation_frame(move || {
        let is_nowhere =
            document().active_element().is_none_or(|element| element.tag_name() == "BODY");
        if !is_nowhere {
            return;
        }
        let next = next.and_then(|id| document().get_element_by_id(&id));
        match next.and_then(|next| next.dyn_into().ok()) {
            Some(next) => focus(Some(&next)),
            None => focus(fallback.try_get_untracked().flatten().as_deref()),
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
