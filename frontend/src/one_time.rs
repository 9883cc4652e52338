//! Values that the server shows once: the only place of the page that holds a whole key.
//!
//! Invariant: a value is in this signal and in the field that shows it, from the answer of the
//! server until it is dismissed; never in storage, an address, a title, a toast or the console.

use keyward_api::Sensitive;
use leptos::prelude::*;
use uuid::Uuid;

use crate::ids::unique_id;

/// What such a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    ApiKey,
    /// The link of an invitation.
    Invitation,
    RecoveryCodes,
}

#[derive(Clone)]
struct OneTimeValue {
    kind: Kind,
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
        kind: Kind,
        (record_id, name): (String, String),
        value: Sensitive,
        sentence: &'static str,
        owner: Uuid,
    ) {
        let id = unique_id();
        self.0.update(|list| {
            list.retain(|old| old.record_id != record_id);
            let new = OneTimeValue {
                kind,
                id,
                record_id,
                name,
                value,
                sentence,
                owner,
                is_copied: false,
            };
            list.insert(0, new);
        });
    }

    /// Of the banners of this kind, newest first.
    pub fn ids(self, kind: Kind) -> Vec<String> {
        self.0.read().iter().filter(|new| new.kind == kind).map(|new| new.id.clone()).collect()
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

    pub fn is_copied(self, id: &str) -> bool {
        self.0.read().iter().any(|new| new.id == id && new.is_copied)
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

    /// The value of this record opens nothing any more.
    pub fn forget(self, record_id: &str) {
        self.0.update(|list| list.retain(|new| new.record_id != record_id));
    }

    pub fn clear(self) {
        self.0.update(Vec::clear);
    }

    pub fn keep_only_those_of(self, owner: &Uuid) {
        self.0.update(|list| list.retain(|new| new.owner == *owner));
    }

    /// Whether leaving would lose a value that nobody has copied.
    pub fn would_be_lost(self) -> bool {
        self.at_risk().is_some()
    }

    /// What leaving would lose.
    pub fn at_risk(self) -> Option<Kind> {
        self.0.read_untracked().iter().find(|new| !new.is_copied).map(|new| new.kind)
    }

    fn get(self, id: &str, part: impl FnOnce(&OneTimeValue) -> String) -> String {
        self.0.read().iter().find(|new| new.id == id).map(part).unwrap_or_default()
    }
}
