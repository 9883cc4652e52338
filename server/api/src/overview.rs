//! What a person sees first: what needs attention, the traffic of a day, the last changes.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::audit::AuditEntry;

/// `GET /api/overview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// What a person should look at, the worst first; empty when nothing needs one.
    pub attention: Vec<Attention>,
    /// How much there is.
    pub counts: OverviewCounts,
    /// The last 24 hours, the oldest first. The last one is not over.
    pub verifications: Vec<VerificationHour>,
    /// The last changes, the newest first, at most 8.
    pub recent: Vec<AuditEntry>,
}

/// One thing that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attention {
    /// What it is.
    pub kind: AttentionKind,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence for a person.
    pub message: String,
    /// How many keys, rows or refusals it is about.
    pub count: u64,
    /// The key, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The address that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Severity {
    /// Something is broken, or somebody may have broken in.
    Danger,
    /// Something will break, or is less safe than it should be.
    Warning,
    /// Worth knowing.
    Notice,
}

/// What may need a person, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AttentionKind {
    /// The audit log is not as it was written.
    AuditBroken,
    /// Rows were changed outside of Keyward, or cannot be read.
    RowsAltered,
    /// Nobody has said yet that a copy of the root key is kept.
    KeepRootKey,
    /// Many refusals came from one address.
    Refusals,
    /// A key that is in use expires within 7 days.
    ExpiresSoon,
    /// A key that was replaced is still in use.
    OldKeyUsed,
    /// The server still holds the root key from before a change.
    PreviousRootKey,
    /// Others reach the server over plain http.
    PlainHttp,
    /// This machine met the store lately, so that a restored backup could not be noticed.
    NewMachine,
    /// The last backup is old, or none is known.
    Backup,
    /// A key never expires and may change something.
    WritesForever,
    /// Only one person can administer this server.
    OneAdministrator,
    /// A key was not used for 90 days.
    Unused,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewCounts {
    /// Keys, whatever their status.
    pub keys: u64,
    /// Keys that are accepted.
    pub active: u64,
    /// Secrets.
    pub secrets: u64,
    /// Providers.
    pub providers: u64,
}

/// Verifications of one hour, by all servers of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerificationHour {
    /// When the hour began.
    #[serde(with = "time::serde::rfc3339")]
    pub start: OffsetDateTime,
    /// Keys that were accepted, up to 5 seconds late.
    pub accepted: u64,
    /// Keys that were refused, whatever the reason.
    pub refused: u64,
}

/// `PUT /api/overview/root-key-kept`: somebody keeps a copy of the root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RootKeyKept {
    /// Always `true`.
    pub kept: bool,
}
