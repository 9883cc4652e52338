//! Users and invitations as an administrator sees them.

use keyward_api::roles::Role;
use keyward_api::users::{Invitation, User};
use keyward_core::row::RowKey;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::accounts::Users;
use super::error::UserError;
use super::store;
use crate::database::StoreError;
use crate::database::names::Names;
use crate::session::entity::{invitations, users};

impl Users {
    /// Users by address, and one more than are asked for if there are more; and how many there
    /// are on all pages.
    pub async fn list(&self, names: &Names) -> Result<(Vec<User>, u64), UserError> {
        let (db, rows) = (self.people.db(), self.people.rows());
        let (users, total) = store::users(db, names).await?;
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let sessions = store::sessions_of(db, ids, self.clock.now()).await?;
        let number = |user: &users::Model| sessions.get(&user.id).copied().unwrap_or(0);
        let shown = users.into_iter().map(|user| {
            let number = number(&user);
            to_user(rows, user, number)
        });
        Ok((shown.collect(), total))
    }

    /// Invitations by address that have not expired, as [`Self::list`].
    pub async fn pending(&self, names: &Names) -> Result<(Vec<Invitation>, u64), UserError> {
        let found = store::pending(self.people.db(), names, self.clock.now()).await?;
        let (pending, total) = found;
        Ok((pending.into_iter().map(invitation).collect(), total))
    }

    /// An account as it is in this transaction, with a row that Keyward wrote.
    pub(super) async fn shown(
        &self,
        db: &impl ConnectionTrait,
        user: users::Model,
        now: OffsetDateTime,
    ) -> Result<User, StoreError> {
        let number = store::sessions_of(db, [user.id], now).await?.get(&user.id).copied();
        Ok(to_user(self.people.rows(), user, number.unwrap_or(0)))
    }
}

fn to_user(rows: &RowKey, user: users::Model, sessions: u32) -> User {
    User {
        id: user.id.into(),
        role: user.role(),
        disabled: user.is_disabled,
        created_at: user.created_at,
        last_sign_in_at: user.last_sign_in_at,
        has_password: !user.password_hash.is_empty(),
        two_factor: user.totp_id.is_some(),
        sso: user.sso_subject.is_some(),
        sessions,
        altered: !rows.is_ours(&user),
        email: user.email,
    }
}

/// An invitation without the hash of its token. A word that is no role is the least.
pub(super) fn invitation(row: invitations::Model) -> Invitation {
    Invitation {
        id: row.id.into(),
        role: Role::try_from(row.role.as_str()).unwrap_or(Role::Viewer),
        email: row.email,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}
