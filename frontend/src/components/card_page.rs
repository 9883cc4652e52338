//! The pages without navigation: one card in the middle of the window.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::title::use_title;

/// The product name with its mark.
#[component]
pub fn Brand() -> impl IntoView {
    view! { <p class="brand">{icon(Icon::Key)} "Keyward"</p> }
}

/// A page without navigation: one card under its heading.
#[component]
pub fn CardPage(title: &'static str, children: Children) -> impl IntoView {
    use_title(title);
    view! {
        <main class="card-page">
            <Brand/>
            <div class="card">
                <h1>{title}</h1>
                {children()}
            </div>
        </main>
    }
}
