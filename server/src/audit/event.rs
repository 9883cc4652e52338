//! What is recorded: who did what to what, and whether it was done. Never a value.

use std::net::IpAddr;

use keyward_api::audit::{Action, AuditActorKind, AuditOutcome};
use keyward_api::roles::Role;

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
    /// What people call it.
    pub name: String,
    /// What a person may do who is signed in.
    pub role: Option<Role>,
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
        Self { id, ..Self::without_id(AuditActorKind::User, email, origin) }
    }

    pub fn key(id: &str, name: &str, origin: Origin) -> Self {
        let id = Some(id.to_owned());
        Self { id, ..Self::without_id(AuditActorKind::Key, name, origin) }
    }

    fn without_id(kind: AuditActorKind, name: &str, origin: Origin) -> Self {
        Self { kind, id: None, name: name.to_owned(), role: None, origin, authority: None }
    }

    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// Whether an administrator asks, or somebody at the command line, who has the root key at hand.
    pub fn is_admin(&self) -> bool {
        match self.kind {
            AuditActorKind::Command | AuditActorKind::System => true,
            AuditActorKind::User => self.role == Some(Role::Admin),
            AuditActorKind::Key | AuditActorKind::Anonymous => false,
        }
    }

    /// What is kept as `createdBy`: a key is distinguished from a person of the same name.
    pub fn as_creator(&self) -> String {
        match self.kind {
            AuditActorKind::Key => format!("key {}", self.name),
            _ => self.name.clone(),
        }
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
