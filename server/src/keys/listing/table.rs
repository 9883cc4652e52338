//! The columns of all keys, in blocks. A block is never changed while a walk reads it: the
//! change copies it, so that neither waits for the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use keyward_api::key_list::KeyStatus;
use keyward_api::keys::ApiKey;
use keyward_api::scopes::changes_something;
use time::OffsetDateTime;

/// Keys of one block: what a change copies at most.
const BLOCK: usize = 256;

/// The time of what does not happen: no expiry, no use.
pub(super) const NEVER: i64 = i64::MAX;

/// What is known of a key beside its text. Times in microseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub id: Arc<str>,
    /// Separated by spaces; shared by all keys that have the same.
    pub scopes: Arc<str>,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_used_at: i64,
    /// Until when the key works that it replaced; none works: the beginning of time.
    pub overlap_ends_at: i64,
    /// Whether one of its scopes changes something.
    pub may_change: bool,
    /// Its status as long as it has not expired.
    pub before_expiry: KeyStatus,
}

impl Entry {
    pub(super) fn status(&self, now: i64) -> KeyStatus {
        self.before_expiry.unless_expired(|| self.expires_at <= now)
    }
}

/// A place in a block. The text of a place without a key is empty.
#[derive(Clone)]
struct Slot {
    entry: Option<Entry>,
    /// Where its text ends in the text of the block, and the next one begins.
    end: u32,
}

/// Some keys, and the text in which they are searched.
#[derive(Clone, Default)]
pub(super) struct Block {
    slots: Vec<Slot>,
    /// For each key its name, its prefix, and that of the key it replaces, folded, each with a
    /// NUL behind it. In one piece, so that a search reads memory in order.
    text: String,
}

#[derive(Default)]
pub(super) struct Table {
    blocks: Vec<Arc<Block>>,
    places: HashMap<Arc<str>, usize>,
    free: Vec<usize>,
    scopes: HashSet<Arc<str>>,
}

impl Block {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its keys, each with its text.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Entry, &str)> {
        let mut start = 0;
        self.slots.iter().filter_map(move |slot| {
            let text = &self.text[start..slot.end as usize];
            start = slot.end as usize;
            Some((slot.entry.as_ref()?, text))
        })
    }

    fn set(&mut self, at: usize, entry: Option<Entry>, text: &str) -> Option<Entry> {
        let start = at.checked_sub(1).map_or(0, |before| self.slots[before].end as usize);
        let end = self.slots[at].end as usize;
        self.text.replace_range(start..end, text);
        for slot in &mut self.slots[at..] {
            // A block holds 256 texts of some hundred bytes each.
            let moved = slot.end as usize - (end - start) + text.len();
            slot.end = u32::try_from(moved).unwrap_or(u32::MAX);
        }
        std::mem::replace(&mut self.slots[at].entry, entry)
    }
}

impl Table {
    pub(super) fn reserve(&mut self, keys: usize) {
        self.places.reserve(keys.saturating_sub(self.places.len()));
    }

    /// Puts a key in, or replaces what is known of it; what was known before.
    pub(super) fn put(&mut self, id: &Arc<str>, record: &ApiKey) -> Option<Entry> {
        let entry = Entry {
            id: id.clone(),
            scopes: self.share(record),
            created_at: micros(record.created_at),
            expires_at: record.expires_at.map_or(NEVER, micros),
            last_used_at: record.last_used_at.map_or(NEVER, micros),
            overlap_ends_at: record.overlap.as_ref().map_or(i64::MIN, |it| micros(it.ends_at)),
            may_change: record.scopes.iter().any(changes_something),
            before_expiry: KeyStatus::before_expiry(record),
        };
        let place = self.places.get(id).copied().unwrap_or_else(|| self.claim(id));
        let before = self.block(place).set(place % BLOCK, Some(entry), &text_of(record));
        self.forget_scopes(before.as_ref());
        before
    }

    /// Takes a key out; what was known of it.
    pub(super) fn remove(&mut self, id: &str) -> Option<Entry> {
        let place = self.places.remove(id)?;
        let before = self.block(place).set(place % BLOCK, None, "");
        self.free.push(place);
        self.forget_scopes(before.as_ref());
        before
    }

    /// Moves the last use forward.
    pub(super) fn used(&mut self, id: &str, at: OffsetDateTime) {
        let Some(place) = self.places.get(id).copied() else { return };
        let is_later =
            |entry: &Entry| entry.last_used_at == NEVER || entry.last_used_at < micros(at);
        let entry = self.blocks[place / BLOCK].slots[place % BLOCK].entry.as_ref();
        if entry.is_some_and(is_later)
            && let Some(entry) = &mut self.block(place).slots[place % BLOCK].entry
        {
            entry.last_used_at = micros(at);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Entry> {
        let place = *self.places.get(id)?;
        self.blocks[place / BLOCK].slots[place % BLOCK].entry.as_ref()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.places.keys()
    }

    /// The block with this number, as it is now.
    pub(super) fn nth(&self, number: usize) -> Option<Arc<Block>> {
        self.blocks.get(number).cloned()
    }

    fn claim(&mut self, id: &Arc<str>) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            if self.blocks.last().is_none_or(|last| last.slots.len() == BLOCK) {
                self.blocks.push(Arc::default());
            }
            let block = self.blocks.len() - 1;
            let last = self.block(block * BLOCK);
            let end = last.slots.last().map_or(0, |slot| slot.end);
            last.slots.push(Slot { entry: None, end });
            block * BLOCK + last.slots.len() - 1
        });
        self.places.insert(id.clone(), place);
        place
    }

    /// The block of a place, for a change.
    fn block(&mut self, place: usize) -> &mut Block {
        Arc::make_mut(&mut self.blocks[place / BLOCK])
    }

    fn share(&mut self, record: &ApiKey) -> Arc<str> {
        let scopes = record.scopes.iter().collect::<Vec<_>>().join(" ");
        if let Some(shared) = self.scopes.get(scopes.as_str()) {
            return shared.clone();
        }
        let shared: Arc<str> = scopes.into();
        self.scopes.insert(shared.clone());
        shared
    }

    /// What no key has any more is not kept.
    fn forget_scopes(&mut self, before: Option<&Entry>) {
        // One is in the set, one in `before`.
        if let Some(before) = before.filter(|before| Arc::strong_count(&before.scopes) == 2) {
            self.scopes.remove(&before.scopes);
        }
    }
}

fn text_of(record: &ApiKey) -> String {
    let former = record.overlap.as_ref().map_or("", |overlap| &overlap.prefix);
    let mut text =
        String::with_capacity(record.name.len() + record.prefix.len() + former.len() + 3);
    for part in [&record.name, &record.prefix, former] {
        text.push_str(&fold(part));
        text.push('\0');
    }
    text
}

/// The text with all letters that differ in case alone made equal, and without NUL, which
/// separates texts here.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase().replace('\0', "\u{fffd}");
    }
    // By way of the upper case, which is one for `\u{3c3}` and `\u{3c2}`, and for `\u{df}` and `ss`.
    let folded = text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

/// Microseconds since 1970.
pub(super) fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(NEVER)
}
