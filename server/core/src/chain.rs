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
//! 4. A head that is wrong is not built upon silently: the store records
//!    first that it found it so, and such an entry is a break of the log like any other.
//! 5. A process that has seen a later head takes an earlier one for a wrong one.
//! 6. A change of the root key mints a new audit key. One entry, the handover, carries macs
//!    under both; entries after it and the head are under the new key alone. Anyone who learned
//!    the former key can neither write a later entry nor take the handover back.
//!
//! The server checks all of that when the log is verified.
//!
//! What this cannot show: the log and its head put back to an earlier day while no server
//! runs. Compare the number of entries with one that was written down elsewhere
//! (`keyward audit verify` prints it).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::dek::Dek;

/// A SHA-256 or an HMAC-SHA256.
pub type Hash = [u8; 32];

/// What the first entry has for the hash of the one before it.
pub const GENESIS: Hash = [0; 32];

const ENTRY: &[u8] = b"keyward/audit/entry/v1";
const HEAD: &[u8] = b"keyward/audit/head/v1";
const SETS: &[u8] = b"keyward/audit/sets/v1";

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

impl<'a> Fields<'a> {
    /// Who did it, as people called them then.
    pub fn actor_name(&self) -> Option<&'a str> {
        self.texts[2]
    }

    /// What was done.
    pub fn action(&self) -> Option<&'a str> {
        self.texts[3]
    }

    /// To what.
    pub fn target(&self) -> Option<&'a str> {
        self.texts[4]
    }

    /// More about it.
    pub fn detail(&self) -> Option<&'a str> {
        self.texts[6]
    }

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
    sets: Hmac<Sha256>,
}

impl AuditKey {
    /// The macs that the wrapped audit key makes.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "HMAC takes any key")]
    pub fn new(key: &Dek) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any length");
        let labelled = |label: &[u8]| mac.clone().chain_update(label);
        let [entry, head, sets] = [ENTRY, HEAD, SETS].map(labelled);
        Self { entry, head, sets }
    }

    /// The mac of an entry.
    pub fn entry_mac(&self, hash: &[u8]) -> Hash {
        self.entry.clone().chain_update(hash).finalize().into_bytes().into()
    }

    /// Whether this is the mac of an entry with that hash.
    pub fn is_entry(&self, hash: &[u8], mac: &[u8]) -> bool {
        self.entry_mac(hash).ct_eq(mac).into()
    }

    /// The mac of the head.
    pub fn head_mac(&self, seq: i64, hash: &[u8]) -> Hash {
        let mac = self.head.clone().chain_update(seq.to_be_bytes()).chain_update(hash);
        mac.finalize().into_bytes().into()
    }

    /// The mac of what the head says of the authenticated sets.
    pub fn sets_mac(&self, seq: i64, hash: &[u8], sets: &[u8]) -> Hash {
        let mac = self.sets.clone().chain_update(seq.to_be_bytes()).chain_update(hash);
        mac.chain_update(sets).finalize().into_bytes().into()
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

/// The audit keys of all versions, which count up from 1 without a gap.
#[derive(Clone, Debug)]
pub struct AuditKeys {
    former: Vec<AuditKey>,
    active: AuditKey,
}

impl AuditKeys {
    /// `former` are the retired ones, version 1 first.
    pub fn new(former: Vec<AuditKey>, active: AuditKey) -> Self {
        Self { former, active }
    }

    /// The one that makes macs.
    pub fn active(&self) -> &AuditKey {
        &self.active
    }

    /// The one that was active before it.
    pub fn last_former(&self) -> Option<&AuditKey> {
        self.former.last()
    }

    /// The version of the active one.
    pub fn version(&self) -> usize {
        self.former.len() + 1
    }

    /// All of them, version 1 first.
    pub fn iter(&self) -> impl Iterator<Item = &AuditKey> {
        self.former.iter().chain([&self.active])
    }
}

/// An entry as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct StoredEntry<'a> {
    /// What it says.
    pub fields: Fields<'a>,
    /// The hash of the entry before it.
    pub prev_hash: &'a [u8],
    /// Its own hash.
    pub entry_hash: &'a [u8],
    /// The mac of its hash.
    pub mac: &'a [u8],
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_key() {
        let key = AuditKey::new(&Dek::generate(&mut StdRng::seed_from_u64(1)).unwrap());
        assert_eq!(format!("{key:?}"), "AuditKey([redacted])");
    }
}
