//! A list that is too long for one answer.

use serde::{Deserialize, Serialize};

/// `{"data": [...], "nextCursor": ...}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// This part of the list.
    pub data: Vec<T>,
    /// What to send as `cursor` for the next part; `null` at the end.
    pub next_cursor: Option<String>,
}
