//! What is recorded: who did what to what, and whether it was done. Never a value.

use std::net::IpAddr;

use keyward_api::audit::{AuditActorKind, AuditOutcome};

use crate::authority::Authority;

/// Everything that is recorded. The noun before the dot is what it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Somebody knows of a break of the log.
    AuditAcknowledge,
    /// The log was found changed; the entry stays as the sign of it.
    AuditBroken,
    /// Old entries were closed, and are no longer stored.
    AuditCheckpoint,
    /// The log was handed out as a file.
    AuditExport,
    /// The log was read.
    AuditRead,
    /// The first key was made.
    EncryptionMint,
    /// The stored keys were rewrapped under another root key, and a new audit key took over.
    EncryptionRewrap,
    /// A new data key took over, and all values were sealed under it.
    EncryptionRotate,
    /// An API key was made.
    KeyCreate,
    /// An API key was deleted.
    KeyDelete,
    /// An old API key was ended that still worked beside the one that replaced it.
    KeyRetire,
    /// An API key was replaced by another.
    KeyRotate,
    /// An API key was renamed, or its scopes, expiry or state changed.
    KeyUpdate,
    /// Somebody asked whether a key is good.
    KeyVerify,
    /// A provider or a model was deleted with its key.
    ProviderDelete,
    /// The key of a provider or model was given out.
    ProviderResolve,
    /// The key of a provider or model was entered or replaced.
    ProviderSet,
    /// The base URL or the note of a provider was changed.
    ProviderUpdate,
    /// A secret was added.
    SecretCreate,
    /// A secret was deleted.
    SecretDelete,
    /// The value of a secret was read.
    SecretRead,
    /// The value or description of a secret was changed.
    SecretUpdate,
    /// A person signed in, or tried to.
    SessionCreate,
    /// A person signed out.
    SessionDelete,
    /// What is stored was accepted as it is, by a person at the command line.
    StoreAccept,
    /// Rows were found that were changed outside of Keyward.
    StoreAltered,
    /// The rows of a store of an older version were signed, once.
    StoreSign,
    /// A person was added.
    UserCreate,
}

impl Action {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuditAcknowledge => "audit.acknowledge",
            Self::AuditBroken => "audit.broken",
            Self::AuditCheckpoint => "audit.checkpoint",
            Self::AuditExport => "audit.export",
            Self::AuditRead => "audit.read",
            Self::EncryptionMint => "encryption.mint",
            Self::EncryptionRewrap => "encryption.rewrap",
            Self::EncryptionRotate => "encryption.rotate",
            Self::KeyCreate => "key.create",
            Self::KeyDelete => "key.delete",
            Self::KeyRetire => "key.retire",
            Self::KeyRotate => "key.rotate",
            Self::KeyUpdate => "key.update",
            Self::KeyVerify => "key.verify",
            Self::ProviderDelete => "provider.delete",
            Self::ProviderResolve => "provider.resolve",
            Self::ProviderSet => "provider.set",
            Self::ProviderUpdate => "provider.update",
            Self::SecretCreate => "secret.create",
            Self::SecretDelete => "secret.delete",
            Self::SecretRead => "secret.read",
            Self::SecretUpdate => "secret.update",
            Self::SessionCreate => "session.create",
            Self::SessionDelete => "session.delete",
            Self::StoreAccept => "store.accept",
            Self::StoreAltered => "store.altered",
            Self::StoreSign => "store.sign",
            Self::UserCreate => "user.create",
        }
    }
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Its id, as in the log of the server.
    pub request_id: Option<String>,
    /// The address of the client.
    pub address: Option<IpAddr>,
}

/// Who does something, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor.
    pub kind: AuditActorKind,
    /// The id of the user or key.
    pub id: Option<String>,
    /// What people call it: also what is kept as `createdBy`.
    pub name: String,
    /// Where the request came from.
    pub origin: Origin,
    /// What must still be good when a change commits; none: nobody's request is behind it.
    pub authority: Option<Authority>,
}

impl Actor {
    /// Somebody at the command line of the server.
    pub fn command_line() -> Self {
        Self::without_id(AuditActorKind::Command, "command line", Origin::default())
    }

    /// The server itself.
    pub fn system() -> Self {
        Self::without_id(AuditActorKind::System, "system", Origin::default())
    }

    /// Nobody who could be told.
    pub fn anonymous(origin: Origin) -> Self {
        Self::without_id(AuditActorKind::Anonymous, "anonymous", origin)
    }

    /// A person.
    pub fn user(id: impl ToString, email: &str, origin: Origin) -> Self {
        let id = Some(id.to_string());
        Self { kind: AuditActorKind::User, id, name: email.to_owned(), origin, authority: None }
    }

    /// A caller with an API key.
    pub fn key(id: &str, name: &str, origin: Origin) -> Self {
        let id = Some(id.to_owned());
        Self { kind: AuditActorKind::Key, id, name: name.to_owned(), origin, authority: None }
    }

    fn without_id(kind: AuditActorKind, name: &str, origin: Origin) -> Self {
        Self { kind, id: None, name: name.to_owned(), origin, authority: None }
    }

    /// The same, authorised by this.
    #[must_use]
    pub fn authorised_by(self, authority: Authority) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// That this actor did something.
    pub fn did(&self, action: Action, target: impl Into<Option<String>>) -> Event {
        let outcome = AuditOutcome::Success;
        Event { actor: self.clone(), action, target: target.into(), outcome, detail: None }
    }

    /// That this actor was not allowed to do something.
    pub fn was_refused(&self, action: Action, target: impl Into<Option<String>>) -> Event {
        Event { outcome: AuditOutcome::Refused, ..self.did(action, target) }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// To what: a name or key, never a value.
    pub target: Option<String>,
    /// Whether it was done.
    pub outcome: AuditOutcome,
    /// More about it in words.
    pub detail: Option<String>,
}

impl Event {
    /// The event with more about it.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// As it is stored.
pub fn kind_text(kind: AuditActorKind) -> &'static str {
    match kind {
        AuditActorKind::User => "user",
        AuditActorKind::Key => "key",
        AuditActorKind::Command => "command",
        AuditActorKind::System => "system",
        AuditActorKind::Anonymous => "anonymous",
    }
}

/// As it is stored.
pub fn outcome_text(outcome: AuditOutcome) -> &'static str {
    match outcome {
        AuditOutcome::Success => "success",
        AuditOutcome::Refused => "refused",
    }
}
