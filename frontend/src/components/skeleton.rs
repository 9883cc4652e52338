//! The shape of what is still under way.

use leptos::prelude::*;

/// As high as a toolbar and three rows, so that nothing jumps when they arrive.
pub fn skeleton(label: &'static str) -> AnyView {
    let bar = || view! { <div class="skeleton"></div> }.into_any();
    view! {
        <div class="skeleton-list" role="img" aria-label=label>
            {bar()} {bar()} {bar()} {bar()}
        </div>
    }
    .into_any()
}
