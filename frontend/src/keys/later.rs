//! What of the keys is not shown at first. It is downloaded when it is needed, see
//! [`crate::later`]; each part finds the keys in its context.

use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct Later {
    /// What is known of one key, in its frame.
    pub page: fn() -> AnyView,
    /// The form that creates a key.
    pub form: fn() -> AnyView,
    /// The dialog that is asked for.
    pub dialog: fn() -> AnyView,
    /// What may be done to several keys.
    pub chosen_bar: fn() -> AnyView,
}
