//! Signs somebody in whom the provider named: account, role, invitation, session and the audit
//! events, in one transaction.

use keyward_api::roles::Role;
use keyward_core::set::SetName;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

use super::claims::Identity;
use super::decision::{Decision, Facts, decide};
use super::flow::Purpose;
use super::refusal::{Code, SsoRefusal};
use super::store;
use crate::access::authority::Authority;
use crate::audit::{Action, Actor, AuditLog, Event, Origin};
use crate::database::{AdvisoryLock, StoreError, begin_locked, begin_write, commit};
use crate::session::change::Change;
use crate::session::ending;
use crate::session::entity::{invitations, users};
use crate::session::known::Made;
use crate::session::people::People;
use crate::session::sessions::{self, ActiveSession, SessionStart};
use crate::session::setup;
use crate::session::store::{delete_invitation, has_user, update_user, user_by_id};

/// Said of what is done because of the groups.
const BY_GROUPS: &str = "by the groups at the identity provider";

/// A sign-in that the provider vouched for.
pub struct SignOn<'a> {
    pub people: &'a People,
    pub audit: &'a AuditLog,
    pub identity: &'a Identity,
    pub purpose: &'a Purpose,
    /// Whether groups make accounts.
    pub provisions: bool,
    pub origin: Origin,
    pub now: OffsetDateTime,
}

/// What came of it.
pub enum Entered {
    /// A session, and whether it is that of the first administrator.
    Session { session: Box<ActiveSession>, is_first: bool },
    /// The account of the session is connected.
    Connected,
}

/// The rows that count, each of them one that Keyward wrote.
struct Rows {
    known: Option<users::Model>,
    by_email: Option<users::Model>,
    connecting: Option<users::Model>,
    invitation: Option<invitations::Model>,
    admins: Vec<users::Model>,
}

impl SignOn<'_> {
    /// Does what [`decide`] says.
    pub async fn enter(&self, start: SessionStart) -> Result<Entered, SsoRefusal> {
        let (transaction, is_first) = self.begin().await?;
        let mut change = Change::begin(&transaction, self.people, self.audit).await?;
        if is_first && !change.is_empty() {
            // Their rows were deleted from outside.
            return Err(StoreError::Altered(SetName::People).into());
        }
        let rows = self.rows(&transaction, &change).await?;
        let has_setup_token = self.has_setup_token(&transaction).await?;
        let (purpose, provisions) = (self.purpose, self.provisions);
        let decision = decide(&Facts {
            identity: self.identity,
            purpose,
            known: rows.known.as_ref(),
            by_email: rows.by_email.as_ref(),
            connecting: rows.connecting.as_ref(),
            invitation: rows.invitation.as_ref(),
            is_first,
            has_setup_token,
            only_admin: rows.admins.first().filter(|_| rows.admins.len() == 1),
            provisions,
        });
        let mut events = Vec::new();
        let user = match decision {
            Decision::Refuse(code) => return Err(code.into()),
            Decision::Connect(user) => {
                let event = self.connect(&transaction, &mut change, user.clone()).await?;
                let made = change.finish().await?;
                self.audit.append(&transaction, event).await?;
                self.commit(transaction, made).await?;
                return Ok(Entered::Connected);
            }
            Decision::EndSessions(user) => {
                let done = ending::shut_out(&transaction, &mut change, user).await?;
                if !done.is_empty() {
                    let made = change.finish().await?;
                    let detail = format!("{BY_GROUPS}: {}", done.join(", "));
                    let event = self.by_groups(Action::SessionDelete, user, detail);
                    self.audit.append_unasked(&transaction, event).await?;
                    self.commit(transaction, made).await?;
                }
                return Err(Code::NoRole.into());
            }
            Decision::SignIn { user, role, links } => {
                let user = user.clone();
                self.update(&transaction, &mut change, &mut events, user, role, links).await?
            }
            Decision::Create(role) => {
                let invitation = rows.invitation.as_ref();
                self.create(&transaction, &mut change, &mut events, role, invitation).await?
            }
        };
        let (rows, address) = (self.people.rows(), self.origin.address);
        let row = sessions::add(&transaction, &mut change, rows, &user, start, address, self.now);
        let row = row.await?;
        let made = change.finish().await?;
        let entered = self.by_user(&user).did(Action::SessionCreate, Some(user.email.clone()));
        events.push(entered.with_detail("single sign-on"));
        self.audit.append_all_unasked(&transaction, events, self.now).await?;
        self.commit(transaction, made).await?;
        let session = Box::new(ActiveSession { row, user });
        Ok(Entered::Session { session, is_first })
    }

    /// The transaction, and whether there is no user. Then it has its turn among those who have a
    /// setup link.
    async fn begin(&self) -> Result<(DatabaseTransaction, bool), StoreError> {
        let db = self.people.db();
        if has_user(db).await? {
            return Ok((begin_write(db).await?, false));
        }
        let transaction = begin_locked(db, AdvisoryLock::Setup).await?;
        let is_first = !has_user(&transaction).await?;
        Ok((transaction, is_first))
    }

    async fn commit(&self, transaction: DatabaseTransaction, made: Made) -> Result<(), StoreError> {
        commit(transaction).await?;
        self.people.made(made);
        Ok(())
    }

    async fn has_setup_token(&self, transaction: &DatabaseTransaction) -> Result<bool, StoreError> {
        match self.purpose {
            Purpose::Setup(hash) => {
                Ok(setup::accepts_hash(transaction, self.people.rows(), hash).await?)
            }
            _ => Ok(false),
        }
    }

    async fn rows(
        &self,
        transaction: &DatabaseTransaction,
        change: &Change<'_>,
    ) -> Result<Rows, StoreError> {
        let Identity { issuer, subject, email, .. } = self.identity;
        // A row of somebody else is in the way of ours, and nobody's account.
        let ours = |user: Option<users::Model>| match user {
            Some(user) if !change.has(&user) => Err(StoreError::Altered(SetName::People)),
            user => Ok(user),
        };
        let known = ours(store::user_by_identity(transaction, issuer, subject).await?)?;
        let by_email = match email {
            Some(email) => ours(store::user_by_email(transaction, email.as_str()).await?)?,
            None => None,
        };
        let connecting = match self.purpose {
            Purpose::Connect { user, .. } => user_by_id(transaction, (*user).into()).await?,
            _ => None,
        };
        let invitation = match (self.purpose, email) {
            (Purpose::Invitation(hash), _) => store::invitation_by_token(transaction, hash).await?,
            (_, Some(email)) => store::invitation_by_email(transaction, email.as_str()).await?,
            (_, None) => None,
        };
        let mut admins = store::some_admins(transaction).await?;
        admins.retain(|admin| change.has(admin));
        let is_good = |invitation: &invitations::Model| {
            change.has(invitation) && invitation.expires_at > self.now
        };
        Ok(Rows {
            known,
            by_email,
            connecting: connecting.filter(|user| change.has(user) && !user.is_disabled),
            invitation: invitation.filter(is_good),
            admins,
        })
    }

    async fn connect(
        &self,
        transaction: &DatabaseTransaction,
        change: &mut Change<'_>,
        mut user: users::Model,
    ) -> Result<Event, StoreError> {
        self.link(&mut user);
        user.mac = Some(change.replace(&user).ok_or(StoreError::Revoked)?);
        update_user(transaction, user.clone()).await?;
        let mut actor = self.by_user(&user);
        if let Purpose::Connect { session, .. } = self.purpose {
            actor = actor.authorised_by(Authority::Session(session.clone()));
        }
        Ok(actor.did(Action::UserLink, Some(user.email)))
    }

    /// The account as it is from now on, stored.
    async fn update(
        &self,
        transaction: &DatabaseTransaction,
        change: &mut Change<'_>,
        events: &mut Vec<Event>,
        mut user: users::Model,
        role: Role,
        links: bool,
    ) -> Result<users::Model, StoreError> {
        let before = user.role();
        if links {
            self.link(&mut user);
            events.push(self.by_user(&user).did(Action::UserLink, Some(user.email.clone())));
        }
        if role != before {
            role.as_str().clone_into(&mut user.role);
            let mut detail = vec![format!("role {role} instead of {before}, {BY_GROUPS}")];
            if role < before {
                detail.extend(ending::shut_out(transaction, change, &user).await?);
            }
            let detail = detail.join("; ");
            events.push(self.by_groups(Action::UserUpdate, &user, detail));
        }
        user.last_sign_in_at = Some(self.now.truncate_to_second());
        user.mac = Some(change.replace(&user).ok_or(StoreError::Revoked)?);
        update_user(transaction, user.clone()).await?;
        Ok(user)
    }

    /// A new account without a password, stored. Its invitation is used up.
    async fn create(
        &self,
        transaction: &DatabaseTransaction,
        change: &mut Change<'_>,
        events: &mut Vec<Event>,
        role: Role,
        invitation: Option<&invitations::Model>,
    ) -> Result<users::Model, SsoRefusal> {
        let email = self.identity.email.as_ref().ok_or(Code::NoEmail)?;
        let mut user = users::Model::admin(Uuid::now_v7(), email.as_str(), String::new(), self.now);
        role.as_str().clone_into(&mut user.role);
        user.last_sign_in_at = Some(self.now.truncate_to_second());
        self.link(&mut user);
        user.mac = Some(change.add(&user));
        store::insert_user(transaction, user.clone()).await.map_err(StoreError::from)?;
        // Where it is the first one, no setup link outlives it.
        setup::close(transaction).await.map_err(StoreError::from)?;
        let mut detail = format!("role {role}, single sign-on");
        if let Some(invitation) = invitation
            && change.take::<invitations::Model>(&invitation.id.to_string())
        {
            let deleted = delete_invitation(transaction, invitation.id).await;
            deleted.map_err(StoreError::from)?;
            detail = format!("{detail}, invited by {}", invitation.created_by);
        }
        let event = self.by_user(&user).did(Action::UserCreate, Some(user.email.clone()));
        events.push(event.with_detail(detail));
        Ok(user)
    }

    /// Makes the identity that of this account.
    fn link(&self, user: &mut users::Model) {
        let Identity { issuer, subject, email, is_email_verified, .. } = self.identity;
        user.sso_issuer = Some(issuer.clone());
        user.sso_subject = Some(subject.clone());
        let is_same = email.as_ref().is_some_and(|email| email.as_str() == user.email);
        user.is_email_verified |= is_same && *is_email_verified;
    }

    fn by_user(&self, user: &users::Model) -> Actor {
        Actor::user(user.id, &user.email, self.origin.clone())
    }

    /// That the provider's groups did something to a user, who did not.
    fn by_groups(&self, action: Action, user: &users::Model, detail: String) -> Event {
        let actor = Actor { origin: self.origin.clone(), ..Actor::system() };
        actor.did(action, Some(user.email.clone())).with_detail(detail)
    }
}
