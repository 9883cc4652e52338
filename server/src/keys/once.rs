//! A creation that is asked for twice makes one key: `Idempotency-Key`.
//!
//! 1. What is kept of a creation are two hashes, the id of the key and the time; never the header,
//!    the request or the key. It is stored in the transaction of the key: of two requests at once
//!    the second finds it, and one that failed left nothing.
//! 2. It is known for [`KEPT`]. Each creation with a header forgets what is older, so that there
//!    are never more than were made in that time.
//! 3. One who asks does not find what another one asked for.

use keyward_api::keys::CreateApiKey;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::entity::creation;
use super::error::{KeyError, KeyRefusal};
use crate::audit::Actor;

pub const KEPT: Duration = Duration::minutes(10);

/// A creation that is made at most once.
pub struct Once {
    /// Hex SHA-256 of who asks and the header.
    id: String,
    /// Hex SHA-256 of what is asked for.
    request: String,
}

impl Once {
    /// `request` as it was understood, so that it does not matter how it was spelt.
    pub fn of(actor: &Actor, header: &str, request: &CreateApiKey) -> serde_json::Result<Self> {
        let owner = (actor.kind.as_str(), actor.id.as_deref(), header);
        Ok(Self { id: digest(&owner)?, request: digest(request)? })
    }

    /// Refuses when the key was made before.
    pub(super) async fn find(
        &self,
        transaction: &DatabaseTransaction,
        now: OffsetDateTime,
    ) -> Result<(), KeyError> {
        let old = creation::Column::CreatedAt.lte(now - KEPT);
        creation::Entity::delete_many().filter(old).exec(transaction).await?;
        match creation::Entity::find_by_id(&self.id).one(transaction).await? {
            None => Ok(()),
            Some(made) if made.request == self.request => {
                Err(KeyRefusal::AlreadyCreated(made.key_id).into())
            }
            Some(_) => Err(KeyRefusal::OtherRequest.into()),
        }
    }

    /// Remembers that the key was made.
    pub(super) async fn store(
        self,
        transaction: &DatabaseTransaction,
        key_id: &str,
        now: OffsetDateTime,
    ) -> Result<(), DbErr> {
        let made = creation::ActiveModel {
            id: Set(self.id),
            request: Set(self.request),
            key_id: Set(key_id.to_owned()),
            created_at: Set(now),
        };
        creation::Entity::insert(made).exec_without_returning(transaction).await.map(drop)
    }
}

/// JSON keeps texts apart that stand beside each other.
fn digest(of: &impl serde::Serialize) -> serde_json::Result<String> {
    Ok(hex::encode(Sha256::digest(serde_json::to_vec(of)?)))
}
