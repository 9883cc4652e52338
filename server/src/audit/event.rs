//! What is recorded: who did what to what, and whether it was done. Never a value.

use std::net::IpAddr;

use keyward_api::audit::{Action, AuditActorKind, AuditOutcome};

use crate::access::authority::Authority;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Its id, as in the log of the server.
    pub request_id: Option<String>,
    pub address: Option<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub kind: AuditActorKind,
    pub id: Option<String>,
    /// What people call it: also what is kept as `createdBy`.
    pub name: String,
    pub origin: Origin,
    /// What must still be good when a change commits; none: nobody's request is behind it.
    pub authority: Option<Authority>,
}

impl Actor {
    /// Somebody at the command line of the server.
    pub fn command_line() -> Self {
        Self::without_id(AuditActorKind::Command, "command line", Origin::default())
    }

    pub fn system() -> Self {
        Self::without_id(AuditActorKind::System, "system", Origin::default())
    }

    pub fn anonymous(origin: Origin) -> Self {
        Self::without_id(AuditActorKind::Anonymous, "anonymous", origin)
    }

    pub fn user(id: impl ToString, email: &str, origin: Origin) -> Self {
        let id = Some(id.to_string());
        Self { kind: AuditActorKind::User, id, name: email.to_owned(), origin, authority: None }
    }

    pub fn key(id: &str, name: &str, origin: Origin) -> Self {
        let id = Some(id.to_owned());
        Self { kind: AuditActorKind::Key, id, name: name.to_owned(), origin, authority: None }
    }

    fn without_id(kind: AuditActorKind, name: &str, origin: Origin) -> Self {
        Self { kind, id: None, name: name.to_owned(), origin, authority: None }
    }

    #[must_use]
    pub fn authorised_by(self, authority: Authority) -> Self {
        Self { authority: Some(authority), ..self }
    }

    pub fn did(&self, action: Action, target: impl Into<Option<String>>) -> Event {
        let outcome = AuditOutcome::Success;
        Event { actor: self.clone(), action, target: target.into(), outcome, detail: None }
    }

    /// That this actor was not allowed to do something.
    pub fn was_refused(&self, action: Action, target: impl Into<Option<String>>) -> Event {
        Event { outcome: AuditOutcome::Refused, ..self.did(action, target) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub actor: Actor,
    pub action: Action,
    /// To what: a name or key, never a value.
    pub target: Option<String>,
    pub outcome: AuditOutcome,
    pub detail: Option<String>,
}

impl Event {
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}
