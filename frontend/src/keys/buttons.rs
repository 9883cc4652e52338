//! The ids of the buttons of a row, which the focus is moved to.

pub fn menu_button(id: &str) -> String {
    format!("actions-{id}")
}

pub fn delete_button(id: &str) -> String {
    format!("delete-{id}")
}
