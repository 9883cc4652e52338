//! A small button of a row or a card.

use leptos::prelude::*;

#[derive(Default)]
pub struct Action {
    pub says: &'static str,
    /// The accessible name, which names the row as well.
    pub label: String,
    /// Whether it deletes something.
    pub is_removal: bool,
    /// The id of the element, for moving the focus; empty for none.
    pub id: String,
}

pub fn action(action: Action, run: impl Fn() + Send + Sync + 'static) -> AnyView {
    // Boxed, so that the button is compiled once.
    fn boxed(action: Action, run: Callback<()>) -> AnyView {
        let Action { says, label, is_removal, id } = action;
        let class =
            if is_removal { "button button-small button-remove" } else { "button button-small" };
        let id = (!id.is_empty()).then_some(id);
        view! {
            <button type="button" class=class id=id aria-label=label on:click=move |_| run.run(())>
                {says}
            </button>
        }
        .into_any()
    }
    boxed(action, Callback::new(move |()| run()))
}
