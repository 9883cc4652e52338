//! The first administrator. While there is no user, each start prints a link with a token that
//! lets one person become the administrator, at any server of the database.
//!
//! 1. Setup is open exactly while there is no user; nothing else decides it.
//! 2. The database holds the SHA-256 of each token, in a row of its own. A later start adds
//!    one and leaves earlier links valid, since several servers may start at once; the newest
//!    [`LINKS`] are kept.
//!    Each has its mac: a row that somebody else puts there is no token.
//! 3. Adding a token and creating the administrator take turns on one lock, and the second
//!    deletes all tokens: of several people exactly one wins, and no token outlives it.

use keyward_api::Sensitive;
use keyward_api::session::Email;
use keyward_core::row::RowKey;
use keyward_core::set::SetName;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::change::Change;
use super::cookie::token_hash;
use super::entity::users;
use super::people::People;
use super::sessions::Recorder;
use super::store::has_user;
use crate::audit::Action;
use crate::database::{AdvisoryLock, DatabaseConnection, StoreError, begin_locked, commit};
use crate::settings::{self, FoundRow, RowType};

/// The rows of tokens have this and the hash as their key.
const TOKEN: &str = "setup-token:";

/// Versions before wrote this row to close setup for ever.
const OBSOLETE: &str = "first_admin";

/// So many links are valid at a time.
pub const LINKS: usize = 16;

/// Where the person goes. The token is in the fragment, which browsers send to nobody.
pub fn link(public_url: &Url, token: &Sensitive) -> String {
    let mut link = public_url.clone();
    link.set_path("/setup");
    link.set_fragment(Some(&format!("token={}", token.expose())));
    link.into()
}

/// Opens setup with this token too, and answers whether it is open: not when there is a user.
pub async fn open(
    db: &DatabaseConnection,
    rows: &RowKey,
    token: &Sensitive,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let transaction = begin_locked(db, AdvisoryLock::Setup).await?;
    if has_user(&transaction).await? {
        return Ok(false);
    }
    delete_tokens(&transaction, LINKS - 1).await?;
    let (id, key) = (Uuid::now_v7().to_string(), key(token));
    settings::insert(&transaction, rows, RowType::Config, &id, &key, "{}".to_owned(), now).await?;
    commit(transaction).await?;
    Ok(true)
}

/// Deletes all tokens: there is a user.
pub async fn close(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    delete_tokens(db, 0).await
}

/// Whether this is a valid token. It has 256 random bits, so that the time of looking its hash
/// up tells nothing.
pub async fn accepts(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    token: &Sensitive,
) -> Result<bool, DbErr> {
    accepts_hash(db, rows, &token_hash(token.expose())).await
}

/// The same for the hash of a token.
pub async fn accepts_hash(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    token_hash: &str,
) -> Result<bool, DbErr> {
    let key = format!("{TOKEN}{token_hash}");
    let found = settings::found_by_key(db, RowType::Config, &key).await?;
    Ok(matches!(found, Some(FoundRow::Whole(row)) if rows.is_ours(&row)))
}

/// Creates the first administrator and closes setup; `None` when there is a user.
pub async fn create_first_admin(
    people: &People,
    email: &Email,
    password_hash: String,
    now: OffsetDateTime,
    recorder: &Recorder<'_>,
) -> Result<Option<users::Model>, StoreError> {
    let transaction = begin_locked(people.db(), AdvisoryLock::Setup).await?;
    if has_user(&transaction).await? {
        return Ok(None);
    }
    let mut change = Change::begin(&transaction, people, recorder.audit).await?;
    if !change.is_empty() {
        // Their rows were deleted from outside.
        return Err(StoreError::Altered(SetName::People));
    }
    let mut user = users::Model::admin(Uuid::now_v7(), email.as_str(), password_hash, now);
    user.mac = Some(change.add(&user));
    users::Entity::insert(user.clone().into_active_model())
        .exec_without_returning(&transaction)
        .await?;
    delete_tokens(&transaction, 0).await?;
    let made = change.finish().await?;
    recorder.append(&transaction, Action::UserCreate, &user).await?;
    commit(transaction).await?;
    people.made(made);
    Ok(Some(user))
}

fn key(token: &Sensitive) -> String {
    format!("{TOKEN}{}", token_hash(token.expose()))
}

/// Deletes all but the newest `keep` tokens. The ids are UUIDs of version 7, so that they sort
/// by time.
async fn delete_tokens(db: &impl ConnectionTrait, keep: usize) -> Result<(), DbErr> {
    let mut ids = Vec::new();
    for row in settings::list(db, RowType::Config).await? {
        let (id, key) = match row {
            FoundRow::Whole(row) => (row.id, row.key),
            FoundRow::Broken { id, key, .. } => (id, key),
        };
        if key.starts_with(TOKEN) || key == OBSOLETE {
            ids.push(id);
        }
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    for id in ids.iter().skip(keep) {
        settings::delete(db, RowType::Config, id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_carries_the_token_in_its_fragment() {
        let url = Url::parse("https://keys.example/").unwrap();
        assert_eq!(link(&url, &"t0k".to_owned().into()), "https://keys.example/setup#token=t0k");
    }
}
