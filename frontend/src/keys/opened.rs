//! The key whose page is open. Its id is in the address beside the filters of the list, so that the
//! page has a link of its own and Back returns to the list as it was.
//!
//! History: opening a key adds an entry, opening another from there replaces that. So closing is
//! going back, unless the address was opened elsewhere.

use keyward_api::keys::ApiKey;
use leptos::prelude::*;

use crate::erased::memo;
use crate::lists::store::Pages;
use crate::load::Load;
use crate::query::encode;

#[derive(Clone, Copy)]
pub struct Opened {
    /// Empty when none is open.
    pub id: Memo<String>,
    /// As far as it is known.
    pub key: RwSignal<Option<ApiKey>>,
    /// Only whether it failed.
    pub load: Load,
    /// The address of the list.
    pub list: Memo<String>,
    /// The key whose row takes the focus when the page closes.
    pub back_to: StoredValue<String>,
    /// Whether the entry before this one in the history is the list.
    pub is_from_list: StoredValue<bool>,
}

impl Opened {
    pub fn follow(pages: Pages) -> Self {
        Self {
            id: pages.context.location.query_value("key"),
            key: RwSignal::new(None),
            load: Load::new(),
            list: memo(move || {
                let cursor = pages.cursor();
                pages.address(&cursor, pages.first_row())
            }),
            back_to: StoredValue::new(String::new()),
            is_from_list: StoredValue::new(false),
        }
    }

    /// Whether the page of this key is open. The list may be gone.
    pub fn is(self, id: &str) -> bool {
        self.id.try_get_untracked().is_some_and(|open| open == id)
    }

    /// The link to the page of a key.
    pub fn address_of(self, id: &str) -> String {
        format!("{}&key={}", self.list.read(), encode(id))
    }
}
