//! The pages without navigation: one card in the middle of the window.

use leptos::prelude::*;

use crate::components::mark::Brand;
use crate::components::title::use_title;

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
