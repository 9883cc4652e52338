//! Which account somebody gets who signed in at the provider. Pure.
//!
//! 1. Who it is, is issuer and subject. An account that has both is theirs.
//! 2. The e-mail address leads to an account only when both sides verified it: the provider now,
//!    and another time before, for this account. An address that somebody typed here, or the
//!    provider merely repeats, is nobody's proof. Nor does it lead to an account of another
//!    subject of the same provider: addresses are given to others when people leave.
//! 3. A new account needs an invitation for the verified address, or groups that give a role.
//! 4. Where groups are configured, they decide about the role at every sign-in. Without a role
//!    nobody signs in, and the sessions of the account end.
//! 5. The last administrator stays one, or nobody could change anything any more.

use keyward_api::roles::Role;

use super::claims::Identity;
use super::flow::Purpose;
use super::refusal::Code;
use super::roles::Granted;
use crate::session::entity::{invitations, users};

/// Everything that counts, as it is in one transaction.
#[derive(Debug)]
pub struct Facts<'a> {
    pub identity: &'a Identity,
    pub purpose: &'a Purpose,
    /// The account of this issuer and subject.
    pub known: Option<&'a users::Model>,
    /// The account with the e-mail address.
    pub by_email: Option<&'a users::Model>,
    /// The account that is to be connected, if it is there and may sign in.
    pub connecting: Option<&'a users::Model>,
    /// For an invitation: the one with the token. Else: the one for the address. None has ended.
    pub invitation: Option<&'a invitations::Model>,
    /// Whether there is no user at all.
    pub is_first: bool,
    /// Whether the token of a setup link is valid.
    pub has_setup_token: bool,
    /// The administrator who is not disabled, if there is one only.
    pub only_admin: Option<&'a users::Model>,
    /// Whether groups make accounts.
    pub provisions: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Signs in to this account, with this role from now on. With `links`, the account is
    /// connected with the identity first.
    SignIn {
        user: &'a users::Model,
        role: Role,
        links: bool,
    },
    /// Makes an account with this role, and signs in.
    Create(Role),
    /// Connects this account with the identity. The session goes on.
    Connect(&'a users::Model),
    /// Ends all sessions of this account, and refuses.
    EndSessions(&'a users::Model),
    Refuse(Code),
}

pub fn decide<'a>(facts: &Facts<'a>) -> Decision<'a> {
    match (facts.purpose, facts.known) {
        (Purpose::Connect { .. }, _) => connect(facts),
        (Purpose::Setup(_), Some(_)) => Decision::Refuse(Code::Setup),
        (Purpose::Invitation(_), Some(_)) => Decision::Refuse(Code::OtherAccount),
        (Purpose::SignIn, Some(user)) => enter(facts, user, false),
        (_, None) => unknown(facts),
    }
}

fn connect<'a>(facts: &Facts<'a>) -> Decision<'a> {
    let Some(user) = facts.connecting else { return Decision::Refuse(Code::State) };
    match facts.known {
        Some(known) if known.id == user.id => Decision::Connect(user),
        None if user.sso_subject.is_none() => Decision::Connect(user),
        _ => Decision::Refuse(Code::OtherAccount),
    }
}

/// Rules 4 and 5.
fn enter<'a>(facts: &Facts<'a>, user: &'a users::Model, links: bool) -> Decision<'a> {
    if user.is_disabled {
        return Decision::Refuse(Code::Disabled);
    }
    let is_last_admin = facts.only_admin.is_some_and(|admin| admin.id == user.id);
    match facts.identity.granted {
        Granted::Unmanaged => Decision::SignIn { user, role: user.role(), links },
        Granted::Role(role) if role == Role::Admin || !is_last_admin => {
            Decision::SignIn { user, role, links }
        }
        Granted::Role(_) | Granted::Nothing if is_last_admin => Decision::Refuse(Code::LastAdmin),
        // Nobody is signed out by somebody who is not yet connected.
        Granted::Nothing if links => Decision::Refuse(Code::NoRole),
        Granted::Role(_) | Granted::Nothing => Decision::EndSessions(user),
    }
}

fn unknown<'a>(facts: &Facts<'a>) -> Decision<'a> {
    let Identity { email, is_email_verified, granted, .. } = facts.identity;
    let Some(email) = email else { return Decision::Refuse(Code::NoEmail) };
    match facts.purpose {
        Purpose::Setup(_) => match granted {
            _ if !facts.is_first || !facts.has_setup_token => Decision::Refuse(Code::Setup),
            Granted::Unmanaged | Granted::Role(Role::Admin) => Decision::Create(Role::Admin),
            // The next sign-in would have to take the role away again.
            Granted::Role(_) | Granted::Nothing => Decision::Refuse(Code::NoRole),
        },
        _ if !is_email_verified => Decision::Refuse(Code::UnverifiedEmail),
        Purpose::Invitation(_) => match facts.invitation {
            Some(invitation) if invitation.email == email.as_str() => accept(facts, invitation),
            _ => Decision::Refuse(Code::Invitation),
        },
        _ => match (facts.by_email, facts.invitation) {
            (Some(user), _) => link(facts, user),
            (None, Some(invitation)) => accept(facts, invitation),
            (None, None) => provision(facts),
        },
    }
}

/// Rule 2.
fn link<'a>(facts: &Facts<'a>, user: &'a users::Model) -> Decision<'a> {
    if !user.is_email_verified {
        return Decision::Refuse(Code::LinkFirst);
    }
    if user.sso_issuer.as_ref() == Some(&facts.identity.issuer) {
        return Decision::Refuse(Code::OtherAccount);
    }
    enter(facts, user, true)
}

/// Rule 3, by an invitation.
fn accept<'a>(facts: &Facts<'a>, invitation: &invitations::Model) -> Decision<'a> {
    if facts.by_email.is_some() {
        return Decision::Refuse(Code::LinkFirst);
    }
    if facts.is_first {
        return Decision::Refuse(Code::Setup);
    }
    match facts.identity.granted {
        Granted::Unmanaged => {
            let role = Role::try_from(invitation.role.as_str()).unwrap_or(Role::Viewer);
            Decision::Create(role)
        }
        Granted::Role(role) => Decision::Create(role),
        Granted::Nothing => Decision::Refuse(Code::NoRole),
    }
}

/// Rule 3, by groups.
fn provision<'a>(facts: &Facts<'a>) -> Decision<'a> {
    match facts.identity.granted {
        _ if !facts.provisions => Decision::Refuse(Code::NotInvited),
        Granted::Role(role) if role == Role::Admin || !facts.is_first => Decision::Create(role),
        Granted::Role(_) => Decision::Refuse(Code::Setup),
        Granted::Nothing => Decision::Refuse(Code::NoRole),
        Granted::Unmanaged => Decision::Refuse(Code::NotInvited),
    }
}
