//! Values that the server shows once: the only place of the page that holds a whole key.
//!
//! Invariant: a value is in this signal and in the field that shows it, from the answer of the
//! server until it is dismissed; never in storage, an address, a title, a toast or the console.

use keyward_api::Sensitive;
use leptos::prelude::*;
use uuid::Uuid;

use crate::ids::unique_id;

#[derive(Clone)]
struct OneTimeValue {
    /// Of the banner. A key that is rotated twice has two, one after the other.
    id: String,
    /// The record whose value it is.
    record_id: String,
    name: String,
    value: Sensitive,
    sentence: &'static str,
    /// The user who made it.
    owner: Uuid,
    is_copied: bool,
}

/// They outlive the page that shows them, so that the back button or a lost session does not lose
/// a value.
#[derive(Clone, Copy)]
pub struct OneTimeValues(RwSignal<Vec<OneTimeValue>>);

impl OneTimeValues {
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// The value of the record that it replaces need not be copied any more.
    pub fn add(
        self,
        (record_id, name): (String, String),
        value: Sensitive,
        sentence: &'static str,
        owner: Uuid,
    ) {
        let id = unique_id();
        self.0.update(|list| {
            list.retain(|old| old.record_id != record_id);
            let new =
                OneTimeValue { id, record_id, name, value, sentence, owner, is_copied: false };
            list.insert(0, new);
        });
    }

    /// Of the banners, newest first.
    pub fn ids(self) -> Vec<String> {
        self.0.read().iter().map(|new| new.id.clone()).collect()
    }

    pub fn sentence(self, id: &str) -> String {
        self.get(id, |new| new.sentence.to_owned())
    }

    /// The name at that time.
    pub fn name(self, id: &str) -> String {
        self.get(id, |new| new.name.clone())
    }

    /// A text made of the whole value; empty once it is dismissed.
    pub fn with_value(self, id: &str, text: impl FnOnce(&str) -> String) -> String {
        self.get(id, |new| text(new.value.expose()))
    }

    /// The value is in the clipboard.
    pub fn mark_copied(self, id: &str) {
        self.0.update(|list| {
            list.iter_mut().filter(|new| new.id == id).for_each(|new| new.is_copied = true);
        });
    }

    /// Overwrites the memory of the value.
    pub fn dismiss(self, id: &str) {
        self.0.update(|list| list.retain(|new| new.id != id));
    }

    pub fn clear(self) {
        self.0.update(Vec::clear);
    }

    pub fn keep_only_those_of(self, owner: &Uuid) {
        self.0.update(|list| list.retain(|new| new.owner == *owner));
    }

    /// Whether leaving would lose a value that nobody has copied.
    pub fn would_be_lost(self) -> bool {
        self.0.read_untracked().iter().any(|new| !new.is_copied)
    }

    fn get(self, id: &str, part: impl FnOnce(&OneTimeValue) -> String) -> String {
        self.0.read().iter().find(|new| new.id == id).map(part).unwrap_or_default()
    }
}
