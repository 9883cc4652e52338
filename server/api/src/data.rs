//! The envelope of every successful answer.

use serde::{Deserialize, Serialize};

/// `{"data": ...}`, the body of every answer with status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
}

/// What a successful `DELETE` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deleted {
    /// Always `true`: a `DELETE` that removed nothing is an error.
    pub deleted: bool,
}
