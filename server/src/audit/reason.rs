//! What is wrong at a place of the log: one word for it that never changes, since it is a part of
//! what an acknowledgement is bound to, and a sentence for a person. Pure.

use crate::numbers::grouped;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The hash of an entry is not that of what it says.
    Changed,
    /// The mac of an entry is under none of the audit keys.
    Foreign,
    /// An entry does not name the hash of the one before it.
    Unlinked,
    /// An entry is under a key that no entry before it handed over to.
    NoHandover,
    /// The server found the head wrong, and said so in this entry.
    Found,
    /// An entry that a checkpoint had closed is there.
    PutBack,
    /// The number of a row is below that of the first entry.
    NoNumber,
    Unreadable,
    /// All entries up to this one are missing.
    Missing(i64),
    HeadMissing,
    HeadChanged,
    /// There are entries after the one that the head names.
    Added,
    /// The head names another entry than the last.
    NotLast,
    /// The head is one of an earlier day.
    Earlier,
}

impl Reason {
    /// What stands for it in the digest of a break.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Changed => "it was changed",
            Self::Foreign => "it was not written by this server",
            Self::Unlinked => "it does not follow the entry before it",
            Self::NoHandover => "the handover to its audit key is missing before it",
            Self::Found => "the server found the log changed before it wrote this entry",
            Self::PutBack => "a checkpoint had closed it, and it was put back",
            Self::NoNumber => "its number is that of no entry",
            Self::Unreadable => "it cannot be read",
            Self::Missing(_) => "missing",
            Self::HeadMissing => "the head of the log is missing",
            Self::HeadChanged => "the head of the log was changed",
            Self::Added => "entries were added after the end of the log",
            Self::NotLast => "the last entry is not the one that the head names",
            Self::Earlier => "the log was put back to an earlier day",
        }
    }

    /// It as a sentence about the entry with this number.
    pub fn sentence(self, seq: i64) -> String {
        let entry = format!("Entry {}", number(seq));
        match self {
            Self::Changed => format!("{entry} was altered: its hash does not match its content."),
            Self::Foreign => {
                format!("{entry} was not written by this server: its mac is not ours.")
            }
            Self::Unlinked => format!("{entry} does not follow the entry before it."),
            Self::NoHandover => {
                format!("{entry} is under an audit key that no entry before it handed over to.")
            }
            Self::Found => {
                format!("The log was altered before the server wrote entry {}.", number(seq))
            }
            Self::PutBack => format!("{entry} was put back: a checkpoint had closed it."),
            Self::NoNumber => "A row has a number that is that of no entry.".to_owned(),
            Self::Unreadable => format!("{entry} cannot be read."),
            Self::Missing(last) if last == seq => format!("{entry} is missing."),
            Self::Missing(last) => {
                format!("Entries {} to {} are missing.", number(seq), number(last))
            }
            Self::HeadMissing => "The head of the log is missing.".to_owned(),
            Self::HeadChanged => "The head of the log was altered.".to_owned(),
            Self::Added => "Entries were added after the end of the log.".to_owned(),
            Self::NotLast => "The last entry is not the one that the head names.".to_owned(),
            Self::Earlier => "The log was put back to an earlier day.".to_owned(),
        }
    }
}

/// What is as it was written between the first entry and the first break that nobody knows of,
/// behind a space; `is_known`: but for breaks that somebody does.
pub fn intact(first: i64, broken: i64, is_known: bool) -> Option<String> {
    let (first, last) = (first.max(1), broken - 1);
    let but = if is_known { ", but for breaks that are acknowledged" } else { "" };
    match last - first {
        ..0 => None,
        0 => Some(format!(" Entry {} is intact{but}.", number(first))),
        _ => Some(format!(" Entries {} to {} are intact{but}.", number(first), number(last))),
    }
}

fn number(seq: i64) -> String {
    grouped(u64::try_from(seq).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_the_entry_and_what_is_intact() {
        let changed = Reason::Changed.sentence(1_204);
        assert_eq!(changed, "Entry 1\u{a0}204 was altered: its hash does not match its content.");
        assert_eq!(Reason::Missing(3).sentence(3), "Entry 3 is missing.");
        assert_eq!(Reason::Missing(1_000).sentence(3), "Entries 3 to 1\u{a0}000 are missing.");
        let said = |first, broken, is_known| intact(first, broken, is_known).unwrap_or_default();
        assert_eq!(said(1, 1_204, false), " Entries 1 to 1\u{a0}203 are intact.");
        assert_eq!(said(7, 8, false), " Entry 7 is intact.");
        let known = " Entries 1 to 3 are intact, but for breaks that are acknowledged.";
        assert_eq!(said(1, 4, true), known);
        assert_eq!([said(1, 1, false), said(0, 0, false), said(7, 3, true)], [""; 3]);
    }
}
