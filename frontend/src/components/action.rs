//! A small button of a row or a card.

use leptos::prelude::*;

/// What is unlike between one such button and another.
#[derive(Default)]
pub struct Action {
    /// What it says.
    pub says: &'static str,
    /// The same with what it is done to, for who cannot see where it stands.
    pub label: String,
    /// Whether it takes something away.
    pub is_removal: bool,
    /// For what wants to give it the focus; empty for none.
    pub id: String,
}

/// The button.
pub fn action(action: Action, run: impl Fn() + Send + Sync + 'static) -> AnyView {
    // Behind a box, so that the button is compiled once.
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
