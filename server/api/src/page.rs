//! A list that is too long for one answer.

use serde::{Deserialize, Serialize};

/// Entries of one answer at most, and unless fewer are asked for with `limit`.
pub const MAX_LIMIT: u16 = 1000;

/// `{"data": [...], "nextCursor": ..., "total": n}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// This part of the list.
    pub data: Vec<T>,
    /// What to send as `cursor` for the next part; `null` at the end. It stays good when
    /// entries are added or removed: none that stays is left out or comes twice.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_cursor: Option<String>,
    /// How many entries match the filter, on all pages together. Absent where counting would
    /// read all that is stored: in the audit log under a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}
