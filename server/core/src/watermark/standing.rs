//! Whether a store goes on from where it was seen last: rule 3.

use super::Position;

/// How a store stands to what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes on from there.
    Continues,
    /// It may: its log no longer goes back so far.
    MayContinue,
    /// It does not.
    Behind(Behind),
}

/// In what a store is behind. `Display` completes "the store is behind what was seen of it: ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "its text says it")]
pub enum Behind {
    #[error("its keys are of generation {stored}, generation {seen} was seen")]
    Generation { stored: i64, seen: i64 },
    #[error("its audit log ends with entry {stored}, entry {seen} was seen")]
    Log { stored: i64, seen: i64 },
    #[error("entry {0} of its audit log is another one than was seen")]
    OtherEntry(i64),
}

/// What is stored now, to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The generation of the keys.
    pub generation: i64,
    /// The number of the last entry of the audit log; 0: it is empty.
    pub last: i64,
    /// The hash of the entry that was seen last, if it is there.
    pub hash: Option<Vec<u8>>,
}

/// Rule 3.
pub fn judge(seen: &Position, stored: &Stored) -> Standing {
    let Stored { generation, last, hash } = stored;
    let behind = if *generation < seen.generation {
        Behind::Generation { stored: *generation, seen: seen.generation }
    } else if *last < seen.seq {
        Behind::Log { stored: *last, seen: seen.seq }
    } else {
        match hash {
            Some(hash) if *hash == seen.hash => return Standing::Continues,
            Some(_) => Behind::OtherEntry(seen.seq),
            None => return Standing::MayContinue,
        }
    };
    Standing::Behind(behind)
}
