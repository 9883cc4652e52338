//! The mark: a ward, the stepped part of a lock that lets one key pass. It is drawn on whole
//! pixels of a 16 px grid.

use leptos::prelude::*;

/// As in `static/icon.svg`.
const WARD: &str = "M3 2h3v4h2V4h2V2h3v3h-2v2H9v2h2v2h2v3h-3v-2H8v-2H6v4H3z";

/// The product name with its mark.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <p class="brand">
            <svg class="mark" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                <path d=WARD></path>
            </svg>
            "Keyward"
        </p>
    }
}
