//! Keys that were revoked, and that an earlier copy of the database brought back.

use std::fmt;

use futures_util::{TryStreamExt, pin_mut};
use keyward_api::store::Finding;
use keyward_core::row::RowKey;

use crate::audit::Actor;
use crate::cli::output::{CliError, failed};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError, begin_read};
use crate::encryption::unlock::Unlocked;
use crate::keys::error::{KeyError, KeyRefusal};
use crate::keys::new_key::KeyChange;
use crate::keys::{Registry, store};
use crate::replicas::Membership;
use crate::watermark::Watermark;

/// A key that is there, against what this machine has seen.
pub(super) struct BroughtBack {
    id: String,
    name: String,
    what: What,
}

/// What it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Revoked,
    /// The old key of a rotation.
    FormerRevoked,
    Disabled,
}

/// Finds them.
pub(super) async fn find(
    db: &DatabaseConnection,
    rows: &RowKey,
    watermark: &Watermark,
) -> Result<Vec<BroughtBack>, StoreError> {
    let mut found = Vec::new();
    if watermark.counts() == (0, 0) {
        return Ok(found);
    }
    let (moment, now) = (begin_read(db).await?, Clock::System.now());
    {
        let stored = store::stream(&moment, rows).await?;
        pin_mut!(stored);
        while let Some(row) = stored.try_next().await? {
            let Ok(key) = row.key else { continue };
            let (is_revoked, is_disabled) = watermark.knows(&key.digest);
            let lasts = key.record.overlap.as_ref().is_some_and(|overlap| overlap.ends_at > now);
            let former = key.former.filter(|_| lasts);
            let has_revoked = former.is_some_and(|former| watermark.knows(&former).0);
            let whats = [
                is_revoked.then_some(What::Revoked),
                (has_revoked && !is_revoked).then_some(What::FormerRevoked),
                (is_disabled && watermark.is_behind() && key.record.enabled && !is_revoked)
                    .then_some(What::Disabled),
            ];
            let (id, name) = (&key.record.id, &key.record.name);
            let back = |what| BroughtBack { id: id.clone(), name: name.clone(), what };
            found.extend(whats.into_iter().flatten().map(back));
        }
    }
    moment.commit().await?;
    Ok(found)
}

/// What `keyward store check` says of one.
pub(super) fn finding(BroughtBack { id, name, what }: &BroughtBack) -> Finding {
    let problem = match what {
        What::Revoked => "was revoked",
        What::FormerRevoked => "has an old key that was revoked",
        What::Disabled => "was disabled",
    };
    let problem = format!("the key \"{name}\" {problem}, and an earlier copy brought it back");
    Finding::new("settings", id, problem)
}

/// What was done with them.
#[derive(Default)]
pub(super) struct Taken {
    deleted: usize,
    ended: usize,
    disabled: usize,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deleted, ended, disabled } = self;
        if deleted + ended + disabled == 0 {
            return Ok(());
        }
        write!(f, "; {deleted} revoked keys deleted, {ended} overlaps ended, {disabled} disabled")
    }
}

/// Deletes those that were revoked and disables those that were disabled, so that every server
/// knows.
pub(super) async fn take_away(
    db: &DatabaseConnection,
    unlocked: &Unlocked,
    watermark: &Watermark,
) -> Result<Taken, CliError> {
    let Unlocked { audit, rows, .. } = unlocked;
    let found = find(db, rows, watermark).await.map_err(failed)?;
    let (mut taken, actor) = (Taken::default(), Actor::command_line());
    if found.is_empty() {
        return Ok(taken);
    }
    let nowhere = watermark.to_nowhere();
    let (audit, command) = (audit.clone(), Membership::of_command());
    let keys = Registry::load(db.clone(), Clock::System, audit, rows.clone(), command, nowhere);
    let keys = keys.await.map_err(failed)?;
    for BroughtBack { id, what, .. } in found {
        let done = match what {
            What::Revoked => {
                taken.deleted += 1;
                keys.delete(id, &actor).await.map(drop)
            }
            What::FormerRevoked => {
                taken.ended += 1;
                keys.end_overlap(id.clone(), &actor).await.map(drop)
            }
            What::Disabled => {
                taken.disabled += 1;
                let change = KeyChange { enabled: Some(false), ..KeyChange::default() };
                keys.update(id, change, &actor).await.map(drop)
            }
        };
        match done {
            // It is over by itself.
            Ok(()) | Err(KeyError::Refused(KeyRefusal::NoOverlap)) => (),
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(taken)
}
