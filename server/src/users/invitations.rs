//! Invitations: a link that makes one account of one role, once.
//!
//! 1. The link has a token of 256 random bits in its fragment, which browsers send to nobody. The
//!    database holds its SHA-256, and the row is of the set of people: one that somebody else puts
//!    there, or puts back, is no invitation.
//! 2. It is good for [`VALID_FOR`], and once: accepting deletes it in the transaction that makes the
//!    account. Of two who accept at the same time, one wins.
//! 3. An address has one at most: a new one replaces it. An address that has an account, or that a
//!    person takes for one of those, is not invited.
//! 4. It ends with the power of the person who made it: see [`accounts`](super::accounts), rule 3.

use keyward_api::Sensitive;
use keyward_api::session::Email;
use keyward_api::users::{Invitation, Invite};
use keyward_core::set::SetName;
use sea_orm::DatabaseTransaction;
use sea_orm::prelude::TextUuid;
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;

use super::accounts::Users;
use super::alike::are_alike;
use super::error::{UserError, UserRefusal};
use super::{list, store};
use crate::audit::{Action, Actor, Origin};
use crate::authenticity::store as sets;
use crate::database::{StoreError, begin_write};
use crate::session::change::Change;
use crate::session::cookie::{new_token, token_hash};
use crate::session::entity::{invitations, users};
use crate::session::store::delete_invitation;

/// A link is good for so long.
pub const VALID_FOR: Duration = Duration::hours(72);

/// Where the person goes.
pub fn link(public_url: &Url, token: &Sensitive) -> Sensitive {
    let mut link = public_url.clone();
    link.set_path("/invitation");
    link.set_fragment(Some(&format!("token={}", token.expose())));
    String::from(link).into()
}

impl Users {
    /// Invites somebody; the token of the link comes along, here and nowhere else.
    pub async fn invite(
        &self,
        actor: &Actor,
        invite: Invite,
    ) -> Result<(Invitation, Sensitive), UserError> {
        let Invite { email, role } = invite;
        let (token, now) = (new_token()?, self.clock.now().truncate_to_second());
        let transaction = begin_write(self.people.db()).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let is_another = make_room(&transaction, &mut change, &email, now).await?;
        let mut row = invitations::Model {
            id: Uuid::now_v7().into(),
            token_hash: token_hash(token.expose()),
            email: email.into(),
            role: role.as_str().to_owned(),
            created_by: actor.name.clone(),
            created_at: now,
            expires_at: now + VALID_FOR,
            mac: None,
        };
        row.mac = Some(change.add(&row));
        store::insert_invitation(&transaction, row.clone()).await?;
        let made = change.finish().await?;
        let event = actor.did(Action::InvitationCreate, Some(row.email.clone()));
        let replaced = if is_another { "; replaces an earlier one" } else { "" };
        let event = event.with_detail(format!("role: {role}{replaced}"));
        self.commit(transaction, made, event).await?;
        Ok((list::invitation(row), token))
    }

    /// Takes an invitation back: its link opens nothing any more.
    pub async fn take_back(&self, actor: &Actor, id: TextUuid) -> Result<(), UserError> {
        let transaction = begin_write(self.people.db()).await?;
        let mut change = self.begin(&transaction, actor).await?;
        let row = store::invitation(&transaction, id).await?.ok_or(UserRefusal::NoInvitation)?;
        take(&transaction, &mut change, id).await?;
        let made = change.finish().await?;
        let event = actor.did(Action::InvitationDelete, Some(row.email));
        self.commit(transaction, made, event.with_detail(format!("role: {}", row.role))).await?;
        Ok(())
    }

    /// The invitation with this token, if it is still good.
    pub async fn invitation(&self, token: &Sensitive) -> Result<Option<Invitation>, StoreError> {
        let db = self.people.db();
        let n = sets::number(db, SetName::People).await?;
        let found = store::invitation_by_token(db, &token_hash(token.expose())).await?;
        let Some(row) = found.filter(|row| self.clock.now() < row.expires_at) else {
            return Ok(None);
        };
        Ok(self.people.has(&row, n).await?.then(|| list::invitation(row)))
    }

    /// Makes the account that an invitation is for, with this password; `None`: it is not good any
    /// more.
    pub async fn accept(
        &self,
        token: &Sensitive,
        password_hash: String,
        origin: Origin,
    ) -> Result<Option<users::Model>, StoreError> {
        let now = self.clock.now().truncate_to_second();
        let transaction = begin_write(self.people.db()).await?;
        let mut change = Change::begin(&transaction, &self.people, &self.audit).await?;
        let found = store::invitation_by_token(&transaction, &token_hash(token.expose())).await?;
        let found = found.filter(|row| now < row.expires_at && change.has(row));
        let Some(invitation) = found else { return Ok(None) };
        // Made in another way meanwhile, e.g. by single sign-on.
        if store::user_by_email(&transaction, &invitation.email).await?.is_some() {
            return Ok(None);
        }
        take(&transaction, &mut change, invitation.id).await?;
        let invitations::Model { email, role, created_by, .. } = invitation;
        let admin = users::Model::admin(Uuid::now_v7(), &email, password_hash, now);
        let mut user = users::Model { role, ..admin };
        user.mac = Some(change.add(&user));
        store::insert_user(&transaction, user.clone()).await?;
        let made = change.finish().await?;
        let event = Actor::user(user.id, &email, origin).did(Action::UserCreate, Some(email));
        let detail = format!("by invitation of {created_by}; role: {}", user.role);
        self.commit(transaction, made, event.with_detail(detail)).await?;
        Ok(Some(user))
    }
}

/// Deletes what has expired and what was there for the address; whether that was still good.
/// Refuses an address that has an account, or looks like another one.
async fn make_room(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    email: &Email,
    now: OffsetDateTime,
) -> Result<bool, UserError> {
    let email = email.as_str();
    let mut taken = store::emails(transaction).await?;
    if taken.iter().any(|other| other == email) {
        return Err(UserRefusal::Exists(email.to_owned()).into());
    }
    let mut replaces = false;
    for row in store::invitations(transaction).await? {
        let is_good = now < row.expires_at;
        if row.email == email || !is_good {
            replaces |= is_good;
            take(transaction, change, row.id).await?;
        } else {
            taken.push(row.email);
        }
    }
    store::delete_invitation_to(transaction, email).await?;
    match taken.into_iter().find(|other| are_alike(email, other)) {
        Some(other) => Err(UserRefusal::ExistsAlike { email: email.to_owned(), other }.into()),
        None => Ok(replaces),
    }
}

/// Takes a row out of the set, if it is in it, and deletes it.
async fn take(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    id: TextUuid,
) -> Result<(), StoreError> {
    change.take::<invitations::Model>(&id.to_string());
    Ok(delete_invitation(transaction, id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_carries_the_token_in_its_fragment() {
        let url = Url::parse("https://keys.example/").unwrap();
        let link = link(&url, &"t0k".to_owned().into());
        assert_eq!(link.expose(), "https://keys.example/invitation#token=t0k");
    }
}
