//! Short messages. A success disappears by itself; an error stays until it is dismissed.

use std::time::Duration;

use leptos::prelude::*;

use crate::ids::unique_id;

const SUCCESS_STAYS: Duration = Duration::from_secs(6);
/// What takes longer to read.
const LONG_STAYS: Duration = Duration::from_secs(10);
/// Characters of a text that two lines of a narrow window have room for.
const SHORT: usize = 40;

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
        let text = text.into();
        let stays = if is_long(&text) { LONG_STAYS } else { SUCCESS_STAYS };
        let id = self.add(false, text);
        set_timeout(move || self.dismiss(&id), stays);
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

pub fn is_long(text: &str) -> bool {
    text.chars().count() > SHORT
}
