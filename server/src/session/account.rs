//! What people change of their own account, each in one transaction with its audit event. The
//! password was asked for before; it must still be the same when the change is made.

use keyward_api::Sensitive;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

use super::change::Change;
use super::ending::end_all;
use super::entity::{totp_secrets, users};
use super::error::{AccountError, AccountRefusal};
use super::known::Made;
use super::people::People;
use super::recovery;
use super::sessions::ActiveSession;
use super::store;
use super::totp::TotpSecret;
use crate::audit::{Action, Actor, AuditLog, Event};
use crate::database::{StoreError, begin_write, commit};
use crate::encryption::Keyring;
use crate::encryption::columns::Subject;

/// The accounts of the people of this installation. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pub(super) people: People,
    pub(super) keyring: Keyring,
    pub(super) audit: AuditLog,
}

/// Who asks for a change of the own account.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    pub session: &'a ActiveSession,
    pub actor: &'a Actor,
}

impl Own<'_> {
    pub(super) fn did(self, action: Action, detail: impl Into<String>) -> Event {
        self.actor.did(action, Some(self.session.user.email.clone())).with_detail(detail)
    }
}

impl Accounts {
    pub fn new(people: People, keyring: Keyring, audit: AuditLog) -> Self {
        Self { people, keyring, audit }
    }

    /// Gives the account another password and ends all other sessions; the account as it is then.
    pub async fn change_password(
        &self,
        own: Own<'_>,
        password_hash: String,
    ) -> Result<users::Model, AccountError> {
        let transaction = begin_write(self.people.db()).await?;
        let (mut change, mut user) = self.begin(&transaction, own, "current").await?;
        user.password_hash = password_hash;
        let ended = end_others(&transaction, &mut change, own).await?;
        let event = own.did(Action::UserPassword, ended);
        let (user, made) = self.store(&transaction, change, user, event).await?;
        commit(transaction).await?;
        self.people.made(made);
        Ok(user)
    }

    /// Asks for the codes of `secret` from now on, later ones than that of `step`, which was shown.
    /// Ends all other sessions, which began without a code. The new recovery codes.
    pub async fn enable_totp(
        &self,
        own: Own<'_>,
        secret: &TotpSecret,
        step: i64,
        now: OffsetDateTime,
    ) -> Result<Vec<Sensitive>, AccountError> {
        let transaction = begin_write(self.people.db()).await?;
        // First, as a rotation locks in this order.
        let sealer = self.keyring.sealer(&transaction).await?;
        let (mut change, mut user) = self.begin(&transaction, own, "password").await?;
        let (id, user_id) = (Uuid::now_v7().to_string(), user.id.to_string());
        let encrypted_value = sealer.seal(&Subject::totp(&id, &user_id), secret.as_bytes())?;
        let (user_id, key_id) = (user.id, sealer.key_id);
        let row = totp_secrets::Model {
            id: id.clone(),
            user_id,
            encrypted_value,
            key_id,
            created_at: now,
        };
        store::delete_totp(&transaction, user_id).await?;
        store::insert_totp(&transaction, row).await?;
        let codes = recovery::generate()?;
        user.totp_id = Some(id);
        user.totp_step = Some(step);
        user.recovery_codes = Some(recovery::stored(&codes));
        let ended = end_others(&transaction, &mut change, own).await?;
        let event = own.did(Action::UserTotp, format!("on, {ended}"));
        let (_, made) = self.store(&transaction, change, user, event).await?;
        commit(transaction).await?;
        self.people.made(made);
        Ok(codes)
    }

    /// No code is asked for from now on.
    pub async fn disable_totp(&self, own: Own<'_>) -> Result<users::Model, AccountError> {
        let transaction = begin_write(self.people.db()).await?;
        // A rotation counts the rows that it moves.
        self.keyring.hold(&transaction).await?;
        let (change, mut user) = self.begin(&transaction, own, "password").await?;
        user.totp_id.take().ok_or(AccountRefusal::NoTotp)?;
        user.totp_step = None;
        user.recovery_codes = None;
        store::delete_totp(&transaction, user.id).await?;
        let event = own.did(Action::UserTotp, "off");
        let (user, made) = self.store(&transaction, change, user, event).await?;
        commit(transaction).await?;
        self.people.made(made);
        Ok(user)
    }

    /// New recovery codes in place of those before.
    pub async fn renew_recovery_codes(&self, own: Own<'_>) -> Result<Vec<Sensitive>, AccountError> {
        let transaction = begin_write(self.people.db()).await?;
        let (change, mut user) = self.begin(&transaction, own, "password").await?;
        if user.totp_id.is_none() {
            return Err(AccountRefusal::NoTotp.into());
        }
        let codes = recovery::generate()?;
        user.recovery_codes = Some(recovery::stored(&codes));
        let event = own.did(Action::UserTotp, "new recovery codes");
        let (_, made) = self.store(&transaction, change, user, event).await?;
        commit(transaction).await?;
        self.people.made(made);
        Ok(codes)
    }

    /// Begins a change of the account, as it is stored now. `field`: where the request has the
    /// password, if that is another one meanwhile.
    async fn begin<'a>(
        &'a self,
        transaction: &'a DatabaseTransaction,
        own: Own<'_>,
        field: &'static str,
    ) -> Result<(Change<'a>, users::Model), AccountError> {
        let asked = &own.session.user;
        let change = Change::begin(transaction, &self.people, &self.audit).await?;
        let found = store::user_by_id(transaction, asked.id).await?;
        let found = found.filter(|found| change.has(found) && !found.is_disabled);
        let user = found.ok_or(StoreError::Revoked)?;
        if user.password_hash != asked.password_hash {
            return Err(AccountRefusal::WrongPassword(field).into());
        }
        Ok((change, user))
    }

    /// Stores the account and records it, as the last statements of the transaction.
    async fn store(
        &self,
        transaction: &DatabaseTransaction,
        mut change: Change<'_>,
        mut user: users::Model,
        event: Event,
    ) -> Result<(users::Model, Made), StoreError> {
        user.mac = Some(change.replace(&user).ok_or(StoreError::Revoked)?);
        store::update_user(transaction, user.clone()).await?;
        let made = change.finish().await?;
        self.audit.append(transaction, event).await?;
        Ok((user, made))
    }
}

/// Ends all sessions of the person but the one that asks; what the audit log says of it.
async fn end_others(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    own: Own<'_>,
) -> Result<String, StoreError> {
    let ActiveSession { row, user } = own.session;
    let ended = end_all(transaction, change, user.id, Some(&row.token_hash)).await?;
    Ok(ended_others(ended))
}

/// `2 other sessions ended`.
pub(super) fn ended_others(ended: u64) -> String {
    let sessions = if ended == 1 { "session" } else { "sessions" };
    format!("{ended} other {sessions} ended")
}
