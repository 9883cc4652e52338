//! The heading of a page, with what can be done beside it.

use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};

pub struct Heading {
    /// The `id` of the heading, which names the section.
    pub id: &'static str,
    /// The only `h1` of the page.
    pub title: &'static str,
    pub lead: &'static str,
    /// A second paragraph; empty for none.
    pub hint: &'static str,
}

pub fn section_head(heading: &'static Heading, action: AnyView) -> AnyView {
    let Heading { id, title, lead, hint } = *heading;
    let hint = if hint.is_empty() {
        ().into_any()
    } else {
        view! { <p class="hint">{hint}</p> }.into_any()
    };
    view! {
        <div class="section-head">
            <div><h1 id=id>{title}</h1> <p class="lead">{lead}</p> {hint}</div>
            {action}
        </div>
    }
    .into_any()
}

/// The button that adds to a list. Whatever loses the focus returns it here.
pub fn add_button(
    label: &'static str,
    node_ref: NodeRef<html::Button>,
    is_disabled: RwSignal<bool>,
    add: Callback<()>,
) -> AnyView {
    view! {
        <button
            type="button"
            // The key `n` presses it.
            id="add"
            class="button button-primary"
            disabled=move || is_disabled.get()
            node_ref=node_ref
            on:click=move |_| add.run(())
        >
            {icon(Icon::Plus)} {label}
        </button>
    }
    .into_any()
}
