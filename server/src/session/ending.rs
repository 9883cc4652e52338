//! Ending many sessions at once, with the invitations that their people made.

use sea_orm::DatabaseTransaction;
use sea_orm::prelude::TextUuid;

use super::change::Change;
use super::entity::{invitations, sessions, users};
use super::people::People;
use super::store;
use crate::audit::{AuditLog, Event};
use crate::database::{StoreError, begin_write, commit};
use crate::numbers::counted;

/// Ends all sessions of a person but the one with this token; how many there were.
pub(crate) async fn end_all(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    user: TextUuid,
    but: Option<&str>,
) -> Result<u64, StoreError> {
    let mut ended = 0;
    let all = change.known().sessions_of(user).map(|session| session.token_hash.clone());
    for token_hash in all.collect::<Vec<_>>() {
        if Some(token_hash.as_str()) != but && change.take::<sessions::Model>(&token_hash) {
            store::delete(transaction, token_hash).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Ends the sessions of a person who may do less from now on, and takes back the invitations that
/// they made, of which one could be for themselves. What was done, for the record.
pub(crate) async fn shut_out(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    user: &users::Model,
) -> Result<Vec<String>, StoreError> {
    let ended = end_all(transaction, change, user.id, None).await?;
    let mut taken = 0;
    let made = change.known().invitations_by(&user.email).map(|invitation| invitation.id);
    for id in made.collect::<Vec<_>>() {
        if change.take::<invitations::Model>(&id.to_string()) {
            store::delete_invitation(transaction, id).await?;
            taken += 1;
        }
    }
    let said = [ended, taken].into_iter().zip(said(ended, taken));
    Ok(said.filter(|(number, _)| *number > 0).map(|(_, said)| said).collect())
}

fn said(ended: u64, taken: u64) -> [String; 2] {
    [
        counted(ended, "session ended", "sessions ended"),
        counted(taken, "invitation taken back", "invitations taken back"),
    ]
}

/// Ends all sessions and takes back all invitations, for a store that is put back to an earlier
/// day. What was done, which `event` says as well.
pub(crate) async fn end_everything(
    people: &People,
    audit: &AuditLog,
    event: Event,
) -> Result<String, StoreError> {
    let transaction = begin_write(people.db()).await?;
    let mut change = Change::begin(&transaction, people, audit).await?;
    let (mut ended, mut taken) = (0, 0);
    for token_hash in change.known().sessions() {
        if change.take::<sessions::Model>(&token_hash) {
            store::delete(&transaction, token_hash).await?;
            ended += 1;
        }
    }
    for id in change.known().invitations() {
        if change.take::<invitations::Model>(&id.to_string()) {
            store::delete_invitation(&transaction, id).await?;
            taken += 1;
        }
    }
    let made = change.finish().await?;
    let done = said(ended, taken).join(", ");
    audit.append_unasked(&transaction, event.with_detail(done.clone())).await?;
    commit(transaction).await?;
    people.made(made);
    Ok(done)
}
