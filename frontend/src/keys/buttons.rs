//! The ids of the elements of a row, and of the page of a key, which the focus is moved to.

/// The heading of the page of a key.
pub const PAGE_TITLE: &str = "key-title";

pub fn key_link(id: &str) -> String {
    format!("open-{id}")
}

pub fn menu_button(id: &str) -> String {
    format!("actions-{id}")
}

pub fn delete_button(id: &str) -> String {
    format!("delete-{id}")
}
