//! The title of the window.

use leptos::prelude::*;

/// Names the page in the window's title while it is shown.
pub fn use_title(page: &str) {
    document().set_title(&format!("{page} - Keyward"));
}
