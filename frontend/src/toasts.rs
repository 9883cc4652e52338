//! Short messages. A success disappears by itself; an error stays until it is dismissed.

use std::time::Duration;

use leptos::prelude::*;

use crate::ids::unique_id;

const SUCCESS_STAYS: Duration = Duration::from_secs(6);

#[derive(Clone)]
pub struct Toast {
    pub id: String,
    pub is_error: bool,
    pub text: String,
}

#[derive(Clone, Copy)]
pub struct Toasts {
    pub list: RwSignal<Vec<Toast>>,
}

impl Toasts {
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()) }
    }

    pub fn success(self, text: impl Into<String>) {
        let id = self.add(false, text.into());
        set_timeout(move || self.dismiss(&id), SUCCESS_STAYS);
    }

    pub fn error(self, text: impl Into<String>) {
        self.add(true, text.into());
    }

    pub fn dismiss(self, id: &str) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    fn add(self, is_error: bool, text: String) -> String {
        let id = unique_id();
        self.list.update(|list| list.push(Toast { id: id.clone(), is_error, text }));
        id
    }
}
