//! Where the focus goes when the row it is in goes.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::once::focus;

/// The row below, or above when there is none below.
pub fn neighbour(visible: &[String], id: &str) -> Option<String> {
    let place = visible.iter().position(|other| other == id)?;
    visible.get(place + 1).or_else(|| visible.get(place.checked_sub(1)?)).cloned()
}

/// To the element with this id, or else to a button that stays. Unless the person has
/// moved on meanwhile: then the focus is somewhere, not nowhere.
pub fn hand_focus_on(heir: Option<String>, otherwise: NodeRef<html::Button>) {
    request_animation_frame(move || {
        let is_nowhere =
            document().active_element().is_none_or(|element| element.tag_name() == "BODY");
        if !is_nowhere {
            return;
        }
        let heir = heir.and_then(|id| document().get_element_by_id(&id));
        match heir.and_then(|heir| heir.dyn_into().ok()) {
            Some(heir) => focus(Some(&heir)),
            None => focus(otherwise.try_get_untracked().flatten().as_deref()),
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
