//! The audit log as an administrator reads it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use crate::action::Action;

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
    /// Nobody who is known.
    Anonymous,
}

impl AuditActorKind {
    /// The word in the JSON, and as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "key",
            Self::Command => "command",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }
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

impl AuditOutcome {
    /// The word in the JSON, and as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }
}

/// `GET /api/admin/audit/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditVerification {
    /// Whether the whole log is as it was written, but for breaks that are acknowledged.
    pub valid: bool,
    /// The number of the last entry before the first break that is not acknowledged.
    pub verified: u64,
    /// That break.
    pub broken: Option<BrokenEntry>,
    /// The breaks in the order of the log, at most the first 1000.
    pub breaks: Vec<AuditBreak>,
    /// How many breaks there are, acknowledged or not.
    pub total_breaks: u64,
}

/// An entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenEntry {
    /// Its number, or the number it should have.
    pub seq: u64,
    /// What is wrong with it, and which entries are intact, in sentences.
    pub reason: String,
}

/// A place where the log is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditBreak {
    /// The number of the entry, or the first number that is missing; 0 for a row whose number
    /// is that of no entry.
    pub seq: u64,
    /// What is wrong with it, as a sentence.
    pub reason: String,
    /// Who knows of it, as it is now.
    pub acknowledged: Option<AuditAcknowledgement>,
}

/// That somebody knows of a break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditAcknowledgement {
    /// Who.
    pub by: String,
    /// Why it is there, in their words.
    pub because: String,
    /// When they said so.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditProgress {
    /// Entries that were checked.
    pub checked: u64,
    /// All that are to be checked.
    pub total: u64,
}

/// `GET /api/admin/audit/verify/progress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditCheck {
    /// The check that runs on this server; null when none does.
    pub running: Option<AuditProgress>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_json() {
        use AuditActorKind::{Anonymous, Command, Key, System, User};
        for kind in [User, Key, Command, System, Anonymous] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for outcome in [AuditOutcome::Success, AuditOutcome::Refused] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
