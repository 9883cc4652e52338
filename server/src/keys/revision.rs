//! The revision of the keys: a new word for every change, and which keys the last changes were
//! about, so that other processes see that there is something to follow, and need not read
//! all keys for it.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::settings::{self, Kind};

/// The name of its row.
const REVISION: &str = "api_keys_revision";

/// What its row holds.
#[derive(Default, Serialize, Deserialize)]
struct Revision {
    now: String,
    /// The word of each change and the id of its key, oldest first. The first of all is about
    /// none.
    recent: Vec<(String, String)>,
}

/// So many changes are remembered by the revision.
const REMEMBERED: usize = 64;

/// The revision of the keys: a value that every change replaces.
pub async fn current(db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    let row = settings::find_by_key(db, Kind::Config, REVISION).await?;
    Ok(row.map(|row| row.value))
}

/// The revision, locked until the transaction ends. A change takes it before it reads
/// anything: changes of all processes take turns, and none overwrites what it did not see.
pub async fn lock(transaction: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    let row = settings::lock_by_key(transaction, Kind::Config, REVISION).await?;
    Ok(row.map(|row| row.value))
}

/// Replaces the revision, in the transaction of the change of the key with the id `changed`;
/// the value it has now.
pub async fn bump(
    transaction: &DatabaseTransaction,
    before: Option<&str>,
    changed: Option<&str>,
    now: OffsetDateTime,
) -> Result<String, DbErr> {
    let word = Uuid::now_v7().to_string();
    let mut revision = before.and_then(read).unwrap_or_default();
    revision.recent.push((word.clone(), changed.unwrap_or_default().to_owned()));
    let forgotten = revision.recent.len().saturating_sub(REMEMBERED);
    revision.recent.drain(..forgotten);
    revision.now.clone_from(&word);
    let after = serde_json::to_value(&revision).unwrap_or_default().to_string();
    settings::put(transaction, Kind::Config, &word, REVISION, after.clone(), now).await?;
    Ok(after)
}

/// The ids of the keys that were changed between two revisions, as far as that is remembered.
pub fn changed_between(before: &str, after: &str) -> Option<Vec<String>> {
    let (before, after) = (read(before)?, read(after)?);
    let place = after.recent.iter().position(|(word, _)| *word == before.now)?;
    let changed = after.recent.into_iter().skip(place + 1).map(|(_, id)| id);
    Some(changed.filter(|id| !id.is_empty()).collect())
}

fn read(value: &str) -> Option<Revision> {
    serde_json::from_str(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(now: &str, recent: &[(&str, &str)]) -> String {
        let own = |(word, id): &(&str, &str)| ((*word).to_owned(), (*id).to_owned());
        let (now, recent) = (now.to_owned(), recent.iter().map(own).collect());
        serde_json::to_string(&Revision { now, recent }).unwrap()
    }

    #[test]
    fn what_was_changed_between_is_told_or_all_of_it_must_be_read() {
        let after = revision("d", &[("b", "1"), ("c", "2"), ("d", "1")]);
        let between = |before: &str| changed_between(&revision(before, &[]), &after);
        assert_eq!(between("b"), Some(vec!["2".to_owned(), "1".to_owned()]));
        assert_eq!(between("d"), Some(Vec::new()));
        assert_eq!(between("a"), None, "no longer remembered");
        // The row as an older version left it.
        assert_eq!(changed_between("\"a\"", &after), None);
        assert_eq!(changed_between(&after, "\"a\""), None);
    }
}
