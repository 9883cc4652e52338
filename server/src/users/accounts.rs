//! What is done to accounts, in one transaction with its audit event.
//!
//! 1. All changes take turns on the lock of the set of people, and each asks, when it has the lock,
//!    whether its actor may still act: of two administrators who end each other, one wins.
//! 2. While there are administrators, one of them is not disabled. Only rows of the set count.
//! 3. Who may do less than before loses all sessions, and the invitations that they made, in the
//!    same transaction: a session never has more than its person.

use keyward_api::roles::Role;
use keyward_api::users::{UpdateUser, User};
use sea_orm::DatabaseTransaction;
use sea_orm::prelude::TextUuid;

use super::error::{UserError, UserRefusal};
use super::store;
use crate::audit::{Action, Actor, AuditLog, Event};
use crate::clock::Clock;
use crate::database::{StoreError, begin_write, commit};
use crate::encryption::Keyring;
use crate::session::change::Change;
use crate::session::ending::shut_out;
use crate::session::entity::users;
use crate::session::known::Made;
use crate::session::people::People;
use crate::session::store::{update_user, user_by_id};

/// The accounts of this installation, and invitations to get one. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    pub(super) people: People,
    pub(super) keyring: Keyring,
    pub(super) audit: AuditLog,
    pub(super) clock: Clock,
}

impl Users {
    /// Those of these people.
    pub fn new(people: People, keyring: Keyring, audit: AuditLog, clock: Clock) -> Self {
        Self { people, keyring, audit, clock }
    }

    /// Changes the role of a person, keeps the person out, or lets them in again. Also the number
    /// of the change, if the person may do less than before.
    pub async fn update(
        &self,
        actor: &Actor,
        id: TextUuid,
        input: UpdateUser,
    ) -> Result<(User, Option<i64>), UserError> {
        let transaction = begin_write(self.people.db()).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let before = found(&transaction, &change, id).await?;
        let was = before.role();
        let role = input.role.unwrap_or(was);
        let is_disabled = input.disabled.unwrap_or(before.is_disabled);
        if (role, is_disabled) == (was, before.is_disabled) {
            let shown = self.shown(&transaction, before, self.clock.now()).await?;
            return Ok((shown, None));
        }
        if role < Role::Admin || is_disabled {
            refuse_last(&transaction, &change, &before).await?;
        }
        let mut detail = Vec::new();
        if role != was {
            detail.push(format!("role: {was} -> {role}"));
        }
        if is_disabled != before.is_disabled {
            detail.push(if is_disabled { "disabled" } else { "enabled" }.to_owned());
        }
        let takes_away = role < was || is_disabled;
        if takes_away {
            detail.extend(shut_out(&transaction, &mut change, &before).await?);
        }
        let mut user = users::Model { role: role.as_str().to_owned(), is_disabled, ..before };
        replace(&transaction, &mut change, &mut user).await?;
        let shown = self.shown(&transaction, user, self.clock.now()).await?;
        let event = actor.did(Action::UserUpdate, Some(shown.email.clone()));
        let made = change.finish().await?;
        let generation = takes_away.then_some(made.generation());
        self.commit(transaction, made, event.with_detail(detail.join("; "))).await?;
        Ok((shown, generation))
    }

    /// Deletes an account with its sessions. What the person made stays, under their address. One
    /// whose row was changed from outside can be deleted as well. The number of the change.
    pub async fn delete(&self, actor: &Actor, id: TextUuid) -> Result<i64, UserError> {
        let transaction = begin_write(self.people.db()).await?;
        // What makes their codes goes along, and a rotation counts the values that it moves.
        self.keyring.hold(&transaction).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let user = user_by_id(&transaction, id).await?.ok_or(UserRefusal::NotFound)?;
        refuse_last(&transaction, &change, &user).await?;
        let mut detail = vec![format!("role: {}", user.role())];
        detail.extend(shut_out(&transaction, &mut change, &user).await?);
        // A stranger's row is in no set.
        change.take::<users::Model>(&id.to_string());
        store::delete_user(&transaction, id).await?;
        let made = change.finish().await?;
        let generation = made.generation();
        let event = actor.did(Action::UserDelete, Some(user.email));
        self.commit(transaction, made, event.with_detail(detail.join("; "))).await?;
        Ok(generation)
    }

    /// Begins a change by this actor. What authorised it is asked for here and stays locked until
    /// the commit: the change itself may end the session that asked for it.
    pub(super) async fn begin<'a>(
        &'a self,
        transaction: &'a DatabaseTransaction,
        actor: &Actor,
    ) -> Result<Change<'a>, StoreError> {
        let change = Change::begin(transaction, &self.people, &self.audit).await?;
        if let Some(authority) = &actor.authority {
            authority.hold(transaction, self.people.rows(), self.clock.now()).await?;
        }
        Ok(change)
    }

    /// Records a change that was begun with [`Self::begin`], and commits it.
    pub(super) async fn commit(
        &self,
        transaction: DatabaseTransaction,
        made: Made,
        event: Event,
    ) -> Result<(), StoreError> {
        self.audit.append_unasked(&transaction, event).await?;
        commit(transaction).await?;
        self.people.made(made);
        Ok(())
    }
}

/// The account with this id, as Keyward stored it.
pub(super) async fn found(
    transaction: &DatabaseTransaction,
    change: &Change<'_>,
    id: TextUuid,
) -> Result<users::Model, UserError> {
    let user = user_by_id(transaction, id).await?.ok_or(UserRefusal::NotFound)?;
    if change.has(&user) { Ok(user) } else { Err(UserRefusal::Altered(user.email).into()) }
}

/// Stores an account that was [`found`], with its new mac.
pub(super) async fn replace(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    user: &mut users::Model,
) -> Result<(), UserError> {
    let mac = change.replace(user).ok_or_else(|| UserRefusal::Altered(user.email.clone()))?;
    user.mac = Some(mac);
    Ok(update_user(transaction, user.clone()).await?)
}

/// Refuses when nobody else could administer this installation. What a row that was altered was
/// before is not known: it counts as an administrator's.
async fn refuse_last(
    transaction: &DatabaseTransaction,
    change: &Change<'_>,
    user: &users::Model,
) -> Result<(), UserError> {
    let is_nothing = user.role() < Role::Admin || user.is_disabled;
    if is_nothing && change.has(user) {
        return Ok(());
    }
    let others = store::other_admins(transaction, user.id).await?;
    if others.iter().any(|other| change.has(other)) {
        Ok(())
    } else {
        Err(UserRefusal::LastAdmin(user.email.clone()).into())
    }
}
