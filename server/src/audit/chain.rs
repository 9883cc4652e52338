//! What ties the entries of the log together, and the check that it still holds. Pure.
//!
//! Threat: somebody who can write to the database, but does not have the root key, wants
//! to change what the log says.
//!
//! 1. An entry's hash is SHA-256 over the hash of the entry before it and over all its
//!    fields, each after its length: no field can be changed, and no entry left out, added
//!    or moved, without changing every hash after it.
//! 2. An entry's mac is HMAC-SHA256 of its hash under the audit key, which is stored only
//!    wrapped: who changes hashes cannot make the macs that go with them.
//! 3. The head says which entry is the last, with a mac of another kind: entries cut off
//!    at the end are missed, and the head that belonged to an earlier entry cannot be made
//!    from that entry.
//! 4. A head that is wrong is not built upon silently: [`super::store::append`] records
//!    first that it found it so, and a log with such an entry never verifies again.
//!
//! 5. A process that has seen a later head takes an earlier one for a wrong one.
//!
//! What this cannot show: the log and its head put back to an earlier day while no server
//! runs. Compare the number of entries with one that was written down elsewhere
//! (`keyward audit verify` prints it).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::event::Action;
use crate::encryption::dek::Dek;

/// A SHA-256 or an HMAC-SHA256.
pub type Hash = [u8; 32];

/// What the first entry has for the hash of the one before it.
pub const GENESIS: Hash = [0; 32];

const ENTRY: &[u8] = b"keyward/audit/entry/v1";
const HEAD: &[u8] = b"keyward/audit/head/v1";

/// The fields of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// Counts up from 1 without a gap.
    pub seq: i64,
    /// Microseconds since 1970.
    pub time: i64,
    /// All texts in the order of the columns of the table; `None` is not the same as empty.
    pub texts: [Option<&'a str>; 9],
}

impl Fields<'_> {
    /// Where [`Fields::texts`] has the action.
    pub const ACTION: usize = 3;

    /// The hash of the entry that follows the entry with the hash `prev`.
    pub fn hash(&self, prev: &[u8], buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        let mut put = |bytes: Option<&[u8]>| {
            // No text has this length.
            let length = bytes.map_or(u32::MAX, |bytes| u32::try_from(bytes.len()).unwrap_or(0));
            buffer.extend_from_slice(&length.to_be_bytes());
            buffer.extend_from_slice(bytes.unwrap_or_default());
        };
        put(Some(prev));
        put(Some(&self.seq.to_be_bytes()));
        put(Some(&self.time.to_be_bytes()));
        for text in self.texts {
            put(text.map(str::as_bytes));
        }
        Sha256::digest(&buffer).into()
    }
}

/// Makes the macs. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct AuditKey {
    entry: Hmac<Sha256>,
    head: Hmac<Sha256>,
}

impl AuditKey {
    /// The macs that the wrapped audit key makes.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "HMAC takes any key")]
    pub fn new(key: &Dek) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any length");
        Self { entry: mac.clone().chain_update(ENTRY), head: mac.chain_update(HEAD) }
    }

    /// The mac of an entry.
    pub fn entry_mac(&self, hash: &[u8]) -> Hash {
        self.entry.clone().chain_update(hash).finalize().into_bytes().into()
    }

    /// The mac of the head.
    pub fn head_mac(&self, seq: i64, hash: &[u8]) -> Hash {
        let mac = self.head.clone().chain_update(seq.to_be_bytes()).chain_update(hash);
        mac.finalize().into_bytes().into()
    }

    /// Whether this is a head that was written with this key.
    pub fn is_head(&self, seq: i64, hash: &[u8], mac: &[u8]) -> bool {
        self.head_mac(seq, hash).ct_eq(mac).into()
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey([redacted])")
    }
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number, or the number it should have.
    pub seq: i64,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// An entry as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// What it says.
    pub fields: Fields<'a>,
    /// The hash of the entry before it.
    pub prev_hash: &'a [u8],
    /// Its own hash.
    pub entry_hash: &'a [u8],
    /// The mac of its hash.
    pub mac: &'a [u8],
}

/// Checks entries one after the other, the first one first.
pub struct Check<'k> {
    key: &'k AuditKey,
    buffer: Vec<u8>,
    last: Hash,
    seq: i64,
}

impl<'k> Check<'k> {
    /// Before the first entry.
    pub fn new(key: &'k AuditKey) -> Self {
        Self { key, buffer: Vec::with_capacity(512), last: GENESIS, seq: 0 }
    }

    /// The number of the last entry that was as it was written.
    pub fn verified(&self) -> i64 {
        self.seq
    }

    /// Takes the entry with the next higher number.
    pub fn entry(&mut self, stored: Stored<'_>) -> Result<(), Broken> {
        let Stored { fields, prev_hash, entry_hash, mac } = stored;
        let seq = self.seq + 1;
        let broken = |reason| Err(Broken { seq, reason });
        if fields.seq != seq {
            return broken("the entry is missing");
        }
        if prev_hash != self.last {
            return broken("it does not follow the entry before it");
        }
        let hash = fields.hash(&self.last, &mut self.buffer);
        if hash != entry_hash {
            return broken("it was changed");
        }
        if !bool::from(self.key.entry_mac(&hash).ct_eq(mac)) {
            return broken("it was not written by this server");
        }
        if fields.texts[Fields::ACTION] == Some(Action::AuditBroken.as_str()) {
            return broken("the server found the log changed before it wrote this entry");
        }
        (self.last, self.seq) = (hash, seq);
        Ok(())
    }

    /// Takes the head: number and hash of the last entry, and its mac.
    pub fn head(&self, head: Option<(i64, &[u8], &[u8])>) -> Result<(), Broken> {
        let Some((seq, hash, mac)) = head else {
            return Err(Broken { seq: self.seq, reason: "the head of the log is missing" });
        };
        if !self.key.is_head(seq, hash, mac) {
            return Err(Broken { seq: self.seq, reason: "the head of the log was changed" });
        }
        match seq.cmp(&self.seq) {
            std::cmp::Ordering::Greater => {
                Err(Broken { seq: self.seq + 1, reason: "the entry is missing" })
            }
            std::cmp::Ordering::Less => {
                Err(Broken { seq: seq + 1, reason: "it was added after the end of the log" })
            }
            std::cmp::Ordering::Equal if hash != self.last => {
                Err(Broken { seq, reason: "it was changed" })
            }
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::audit::entity::log::Model;

    fn key(seed: u64) -> AuditKey {
        AuditKey::new(&Dek::generate(&mut StdRng::seed_from_u64(seed)).unwrap())
    }

    fn sign(entry: &mut Model, key: &AuditKey) {
        let hash = entry.fields().hash(&entry.prev_hash, &mut Vec::new());
        (entry.entry_hash, entry.mac) = (hash.to_vec(), key.entry_mac(&hash).to_vec());
    }

    fn log(entries: i64) -> Vec<Model> {
        let mut prev_hash = GENESIS.to_vec();
        let entry = |seq| {
            let text = |text: &str| text.to_owned();
            let mut entry = Model {
                seq,
                time: 1_767_225_600_000_000 + seq,
                actor_kind: text("user"),
                actor_id: Some(text("1")),
                actor_name: Some(text("ada@example.com")),
                action: text("secret.read"),
                target: Some(text("A_KEY")),
                outcome: text("success"),
                detail: None,
                request_id: Some(text("r")),
                address: Some(text("192.0.2.1")),
                prev_hash: prev_hash.clone(),
                entry_hash: Vec::new(),
                mac: Vec::new(),
            };
            sign(&mut entry, &key(1));
            prev_hash.clone_from(&entry.entry_hash);
            entry
        };
        (1..=entries).map(entry).collect()
    }

    /// The first broken entry of a log whose head is that of `head` entries.
    fn broken(entries: &[Model], head: i64) -> Option<i64> {
        let key = key(1);
        let last = log(head).pop().map_or(GENESIS.to_vec(), |last| last.entry_hash);
        let mac = key.head_mac(head, &last);
        let mut check = Check::new(&key);
        let entries = entries.iter().try_for_each(|entry| check.entry(entry.stored()));
        entries.and_then(|()| check.head(Some((head, &last, &mac)))).err().map(|broken| broken.seq)
    }

    #[test]
    fn a_log_as_it_was_written_is_whole() {
        assert_eq!(broken(&log(5), 5), None);
        assert_eq!(broken(&[], 0), None);
    }

    #[test]
    fn a_change_of_any_field_is_found() {
        type Change = fn(&mut Model);
        let changes: [Change; 15] = [
            |e| e.seq += 1,
            |e| e.time += 1,
            |e| e.actor_kind = "key".into(),
            |e| e.actor_id = None,
            |e| e.actor_name = Some("eve@example.com".into()),
            |e| e.action = "secret.delete".into(),
            |e| e.target = None,
            |e| e.outcome = "refused".into(),
            // Empty is not the same as none.
            |e| e.detail = Some(String::new()),
            |e| e.request_id = Some("s".into()),
            |e| e.address = Some("192.0.2.2".into()),
            |e| e.prev_hash[0] ^= 1,
            |e| e.entry_hash[0] ^= 1,
            |e| e.mac[31] ^= 1,
            // Letters moved from one field to the next.
            |e| (e.request_id, e.address) = (Some("r1".into()), Some("92.0.2.1".into())),
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut entries = log(5);
            change(&mut entries[2]);
            assert_eq!(broken(&entries, 5), Some(3), "change {n}");
        }
    }

    #[test]
    fn entries_that_are_gone_moved_or_added_are_found() {
        let mut gone = log(5);
        gone.remove(2);
        assert_eq!(broken(&gone, 5), Some(3));
        assert_eq!(broken(&log(5)[1..], 5), Some(1), "the first");
        assert_eq!(broken(&log(5)[..3], 5), Some(4), "the end");
        assert_eq!(broken(&[], 5), Some(1), "all");
        let mut moved = log(5);
        moved.swap(1, 3);
        assert_eq!(broken(&moved, 5), Some(2));
        let mut again = log(5);
        again.insert(3, again[2].clone());
        assert_eq!(broken(&again, 5), Some(4));
        assert_eq!(broken(&log(7), 5), Some(6), "added after the end");
    }

    #[test]
    fn who_has_not_the_key_cannot_write_a_log_of_their_own() {
        let mut entries = log(5);
        entries[2].target = Some("OTHER".into());
        for n in 2..5 {
            if n > 2 {
                entries[n].prev_hash = entries[n - 1].entry_hash.clone();
            }
            sign(&mut entries[n], &key(2));
        }
        assert_eq!(broken(&entries, 5), Some(3));
    }

    #[test]
    fn the_head_cannot_be_made_from_an_entry() {
        let (key, entries) = (key(1), log(3));
        let mut check = Check::new(&key);
        for entry in &entries {
            check.entry(entry.stored()).unwrap();
        }
        let Model { entry_hash, mac, .. } = &entries[2];
        assert!(check.head(Some((3, entry_hash, mac))).is_err());
        assert!(check.head(None).is_err());
        assert!(check.head(Some((3, entry_hash, &key.head_mac(2, entry_hash)))).is_err());
        assert!(check.head(Some((3, entry_hash, &key.head_mac(3, entry_hash)))).is_ok());
    }

    #[test]
    fn a_log_that_was_once_found_broken_never_verifies_again() {
        let mut entries = log(2);
        entries[1].action = Action::AuditBroken.as_str().to_owned();
        sign(&mut entries[1], &key(1));
        let key = key(1);
        let mut check = Check::new(&key);
        check.entry(entries[0].stored()).unwrap();
        assert_eq!(check.entry(entries[1].stored()).unwrap_err().seq, 2);
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        assert_eq!(format!("{:?}", key(1)), "AuditKey([redacted])");
    }
}
