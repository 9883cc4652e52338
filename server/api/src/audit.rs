//! The audit log as an administrator reads it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// One entry of the log. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Counts up from 1 without a gap.
    pub seq: u64,
    /// When it happened, in microseconds.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Who did it.
    pub actor: AuditActor,
    /// What was done, e.g. `secret.read`.
    pub action: String,
    /// What it was done to: the name or key of it.
    pub target: Option<String>,
    /// Whether it was done.
    pub outcome: AuditOutcome,
    /// More about it in words, e.g. how many attempts.
    pub detail: Option<String>,
    /// The id of the request, as in the log of the server.
    pub request_id: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditActor {
    /// What kind of actor.
    pub kind: AuditActorKind,
    /// The id of the user or key, if there is one.
    pub id: Option<String>,
    /// The e-mail address of the user, or the name of the key at that time.
    pub name: Option<String>,
}

/// Kinds of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuditActorKind {
    /// A person who is signed in.
    User,
    /// A caller with an API key.
    Key,
    /// The command line of the server.
    Command,
    /// The server itself.
    System,
    /// Nobody who could be told.
    Anonymous,
}

/// Whether something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuditOutcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
}

/// `GET /api/admin/audit/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditVerification {
    /// Whether the whole chain is as it was written.
    pub valid: bool,
    /// Entries from the first on that are as they were written.
    pub verified: u64,
    /// The first one that is not.
    pub broken: Option<BrokenEntry>,
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenEntry {
    /// Its number, or the number it should have.
    pub seq: u64,
    /// What is wrong with it.
    pub reason: String,
}
