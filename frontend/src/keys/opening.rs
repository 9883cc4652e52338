//! Following the address to the page of a key, and back.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::erased::effect;
use crate::focus::{focus_id, move_focus};
use crate::http::Body;
use crate::keys::buttons::{PAGE_TITLE, key_link};
use crate::keys::store::Keys;
use crate::location::Navigate;

impl Keys {
    /// Opens the page of a key.
    pub fn open(self, id: &str) {
        let is_first = self.opened.id.read_untracked().is_empty();
        if is_first {
            self.opened.is_from_list.set_value(true);
        }
        let how = if is_first { Navigate::Open } else { Navigate::Refine };
        self.go(&untrack(|| self.opened.address_of(id)), how);
    }

    /// Returns to the list.
    pub fn close(self) {
        if self.opened.is_from_list.get_value()
            && let Ok(history) = window().history()
            && history.back().is_ok()
        {
            return;
        }
        self.go(&self.opened.list.get_untracked(), Navigate::Refine);
    }

    /// Returns to the list; the focus goes to the row of another key.
    pub fn leave_for(self, next: Option<String>) {
        self.opened.back_to.set_value(next.unwrap_or_default());
        self.close();
    }

    fn go(self, to: &str, how: Navigate) {
        let location = self.pages.context.location;
        let trail = location.entry.trail.get_untracked();
        location.navigate_along(to, how, &trail);
    }

    /// Loads the key that the address names, and returns to its row when it names none any more.
    pub fn follow_opened(self) {
        let opened = self.opened;
        let was_open = StoredValue::new(false);
        effect(move || {
            let id = opened.id.get();
            if !id.is_empty() {
                was_open.set_value(true);
                opened.back_to.set_value(id.clone());
                untrack(|| self.load_opened(id));
            } else if was_open.get_value() {
                was_open.set_value(false);
                opened.is_from_list.set_value(false);
                opened.key.set(None);
                self.pages.context.location.entry.restore();
                move_focus(Some(key_link(&opened.back_to.get_value())), self.add_button);
            }
        });
        self.client().on_doubt(move || {
            let id = opened.id.get_untracked();
            if !id.is_empty() {
                self.fetch_opened(id);
            }
        });
    }

    /// What the list knows is shown until the server has answered.
    pub fn load_opened(self, id: String) {
        let opened = self.opened;
        opened.key.set(self.list.read().iter().find(|key| key.id == id).cloned());
        opened.load.begin();
        focus_id(PAGE_TITLE);
        self.fetch_opened(id);
    }

    fn fetch_opened(self, id: String) {
        let opened = self.opened;
        spawn_local(async move {
            let answer = self.pages.context.client.key(&id).await.and_then(Body::data);
            if !opened.is(&id) {
                return;
            }
            match answer {
                Ok(key) => self.put(key),
                Err(error) => {
                    if error.status() == Some(404) {
                        opened.key.set(None);
                    }
                    opened.load.end(Err(error));
                }
            }
        });
    }
}
