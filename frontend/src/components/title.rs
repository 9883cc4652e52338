//! The title of the window.

use leptos::prelude::*;

pub fn use_title(page: &str) {
    document().set_title(&format!("{page} - Keyward"));
}
