//! The servers of one store, and how far a change has come among them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Where a change that takes authority away is in effect when it is answered: nowhere is what it
/// took away accepted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Effective {
    /// The number of the change.
    pub generation: i64,
    /// Servers that go by it.
    pub acknowledged: u32,
    /// Servers that were silent until they could accept nothing that they knew from before.
    pub fenced: u32,
    /// From the commit to the answer, in milliseconds.
    pub waited_ms: u64,
}

/// `{"data": ..., "effective": ...}`, the body of a change that may take authority away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changed<T> {
    /// What was asked for.
    pub data: T,
    /// Where it is in effect; absent when it took nothing away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
}

/// `GET /api/admin/replicas`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replicas {
    /// The number of the last change of the keys.
    pub generation: i64,
    /// How long a server goes on after it last renewed its lease, in milliseconds. Nothing: there
    /// is one server alone, on SQLite, and no lease.
    pub lease_ms: Option<u64>,
    /// How much longer when the database is away, in milliseconds.
    pub without_database_ms: u64,
    /// The servers, the oldest first.
    pub servers: Vec<Replica>,
}

/// One server of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replica {
    /// Drawn at random each time it joins.
    pub id: String,
    /// Where it listens.
    pub address: String,
    /// Its version of Keyward.
    pub version: String,
    /// When it joined, by its own clock.
    #[serde(with = "time::serde::rfc3339")]
    pub joined_at: OffsetDateTime,
    /// Whether it is the one that answers.
    pub is_this: bool,
    /// The last change that it goes by.
    pub generation: i64,
    /// How many changes it lacks.
    pub behind: i64,
    /// How long this server has seen nothing of it, in milliseconds.
    pub silent_ms: u64,
    /// For how long it may still accept keys at most if it stays silent, in milliseconds. Nothing:
    /// there is no lease.
    pub lease_left_ms: Option<u64>,
}
