//! Keys that were just created or rotated: the only place of the page that holds a whole key.
//!
//! Invariant: a key is in this signal and in the field that shows it, from the answer of
//! the server until it is dismissed; never in storage, an address, a title, a toast or
//! the console.

use keyward_api::Sensitive;
use keyward_api::keys::CreatedApiKey;
use leptos::prelude::*;
use uuid::Uuid;

use crate::context::Context;
use crate::ids::unique_id;

pub const CREATED: &str = "API key created. Copy it now; you won't be able to see it again.";
pub const ROTATED: &str = "API key rotated. Copy it now; you won't be able to see it again.";

#[derive(Clone)]
struct NewKey {
    /// Of the banner. A key that is rotated twice has two, one after the other.
    id: String,
    /// Of the record.
    key_id: String,
    name: String,
    key: Sensitive,
    /// [`CREATED`] or [`ROTATED`].
    sentence: &'static str,
    /// The user who made it.
    owner: Uuid,
    is_copied: bool,
}

/// They outlive the page that shows them, so that the back button or a lost session does not lose a
/// key.
#[derive(Clone, Copy)]
pub struct NewKeys(RwSignal<Vec<NewKey>>);

impl NewKeys {
    /// A key that is not copied holds the page back; the next person does not see it.
    pub fn provide(context: Context) {
        let new_keys = Self(RwSignal::new(Vec::new()));
        context.guard.register(move || new_keys.would_be_lost(), move || new_keys.clear());
        context.session.on_enter(move |user_id| new_keys.keep_only_those_of(user_id));
        provide_context(new_keys);
    }

    /// The key that it replaces need not be copied any more.
    pub fn add(self, created: CreatedApiKey, sentence: &'static str, owner: Uuid) {
        let CreatedApiKey { record, key } = created;
        let (id, key_id, name) = (unique_id(), record.id, record.name);
        self.0.update(|list| {
            list.retain(|old| old.key_id != key_id);
            list.insert(0, NewKey { id, key_id, name, key, sentence, owner, is_copied: false });
        });
    }

    /// Of the banners, newest first.
    pub fn ids(self) -> Vec<String> {
        self.0.read().iter().map(|new| new.id.clone()).collect()
    }

    /// [`CREATED`] or [`ROTATED`].
    pub fn sentence(self, id: &str) -> String {
        self.get(id, |new| new.sentence.to_owned())
    }

    /// The name at that time.
    pub fn name(self, id: &str) -> String {
        self.get(id, |new| new.name.clone())
    }

    /// A text made of the whole key; empty once it is dismissed.
    pub fn with_key(self, id: &str, text: impl FnOnce(&str) -> String) -> String {
        self.get(id, |new| text(new.key.expose()))
    }

    /// The key is in the clipboard.
    pub fn mark_copied(self, id: &str) {
        self.0.update(|list| {
            list.iter_mut().filter(|new| new.id == id).for_each(|new| new.is_copied = true);
        });
    }

    /// Overwrites the memory of the key.
    pub fn dismiss(self, id: &str) {
        self.0.update(|list| list.retain(|new| new.id != id));
    }

    fn clear(self) {
        self.0.update(Vec::clear);
    }

    fn keep_only_those_of(self, owner: Uuid) {
        self.0.update(|list| list.retain(|new| new.owner == owner));
    }

    fn would_be_lost(self) -> bool {
        self.0.read_untracked().iter().any(|new| !new.is_copied)
    }

    fn get(self, id: &str, part: impl FnOnce(&NewKey) -> String) -> String {
        self.0.read().iter().find(|new| new.id == id).map(part).unwrap_or_default()
    }
}
