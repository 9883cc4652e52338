//! The page of keys that is shown, and the key whose own page is open.

use keyward_api::keys::ApiKey;
use keyward_api::roles::Role;
use leptos::html;
use leptos::prelude::*;

use crate::client::Client;
use crate::clock;
use crate::focus::focus;
use crate::keys::later::Later;
use crate::keys::listing::LISTING;
use crate::keys::opened::Opened;
use crate::keys::rights::may_change;
use crate::lists::store::Pages;

/// With the key as it was when the dialog was opened.
#[derive(Clone)]
pub enum DialogRequest {
    Rename(ApiKey),
    ChangeExpiry(ApiKey),
    ChangeScopes(ApiKey),
    ChangeLimits(ApiKey),
    Rotate(ApiKey),
}

/// A button whose next activation deletes a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Armed {
    pub id: String,
    /// The id of the button: a key may have one in the list and one on its page.
    pub button: String,
}

/// A sentence about a key that was not changed.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    pub id: String,
    pub text: String,
}

#[derive(Clone, Copy)]
pub struct Keys {
    pub pages: Pages,
    /// The server's answer, changed by later answers.
    pub list: RwSignal<Vec<ApiKey>>,
    pub opened: Opened,
    pub armed: RwSignal<Option<Armed>>,
    pub deleting: RwSignal<Vec<String>>,
    /// The keys that are being changed without a dialog.
    pub changing: RwSignal<Vec<String>>,
    /// Said in the rows they are about, at most one for each key.
    pub failures: RwSignal<Vec<Failure>>,
    /// The ids of the keys that are ticked; `None` while none can be.
    pub chosen: RwSignal<Option<Vec<String>>>,
    /// What was done to all of them; empty for nothing yet.
    pub chosen_says: RwSignal<String>,
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// Takes the focus when its element goes and no row is left.
    pub add_button: NodeRef<html::Button>,
    /// Whether the form for a new key is open.
    pub is_adding: RwSignal<bool>,
    pub later: Later,
}

impl Keys {
    pub fn load_from_server(later: Later) -> Self {
        let list = RwSignal::new(Vec::<ApiKey>::new());
        let pages = Pages::follow(&LISTING, list, |key| key.id.clone());
        Self {
            pages,
            list,
            opened: Opened::follow(pages),
            armed: RwSignal::new(None),
            deleting: RwSignal::new(Vec::new()),
            changing: RwSignal::new(Vec::new()),
            failures: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            chosen_says: RwSignal::new(String::new()),
            dialog_request: RwSignal::new(None),
            add_button: NodeRef::new(),
            is_adding: RwSignal::new(false),
            later,
        }
    }

    pub fn request_dialog(self, request: DialogRequest) {
        self.dialog_request.set(Some(request));
    }

    pub fn client(self) -> Client {
        self.pages.context.client
    }

    /// Whether the person may do what this role may.
    pub fn may(self, role: Role) -> bool {
        self.pages.context.session.may(role)
    }

    /// Whether the person may change this key to something that can do as much or more.
    pub fn may_change(self, key: &ApiKey) -> bool {
        self.pages.context.session.role().is_some_and(|role| may_change(role, key))
    }

    /// In the next frame, when the button is enabled again.
    pub fn focus_add_button(self) {
        request_animation_frame(move || focus(self.add_button.get_untracked().as_deref()));
    }

    /// A key of the list, or the one whose page is open. A row that is about to go may read a key
    /// that is gone.
    pub fn get(self, id: &str) -> Option<ApiKey> {
        let listed = self.list.read().iter().find(|key| key.id == id).cloned();
        listed.or_else(|| self.opened.key.read().as_ref().filter(|key| key.id == id).cloned())
    }

    /// Replaces the record of a key.
    pub fn put(self, record: ApiKey) {
        if self.opened.id.try_get_untracked().is_some_and(|id| id == record.id) {
            self.opened.key.try_set(Some(record.clone()));
        }
        self.update(|list| {
            if let Some(key) = list.iter_mut().find(|key| key.id == record.id) {
                *key = record;
            }
        });
    }

    /// A record that arrives was made since the last tick of the clock. The page may be gone.
    pub fn update(self, change: impl FnOnce(&mut Vec<ApiKey>)) {
        self.pages.context.now.set(clock::read());
        self.list.try_update(change);
    }

    pub fn failure(self, id: &str) -> Option<String> {
        let failures = self.failures.read();
        failures.iter().find(|failure| failure.id == id).map(|failure| failure.text.clone())
    }

    pub fn fail(self, id: &str, text: String) {
        self.forget_failure(id);
        self.failures.try_update(|all| all.push(Failure { id: id.to_owned(), text }));
    }

    pub fn forget_failure(self, id: &str) {
        self.failures.try_update(|all| all.retain(|failure| failure.id != id));
    }
}
