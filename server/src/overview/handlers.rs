//! `/api/overview` for people who are signed in.

use axum::extract::State;
use keyward_api::overview::{Overview, RootKeyKept};
use keyward_api::{Data, paths};

use super::Overviews;
use super::permissions::{KeepRootKey, ReadOverview};
use crate::access::Allowed;
use crate::http::error::Error;

/// What needs attention, how much there is, the verifications of the last 24 hours, and the last
/// changes. Of the audit log it tells what is known without reading all of it: see
/// `verifyAuditLog`.
#[utoipa::path(
    get, path = paths::OVERVIEW, operation_id = "getOverview", tag = "overview",
    security(("session" = [])), responses((status = 200, body = Data<Overview>))
)]
pub async fn show(
    _allowed: Allowed<ReadOverview>,
    State(overviews): State<Overviews>,
) -> Result<axum::Json<Data<Overview>>, Error> {
    Ok(axum::Json(Data { data: overviews.now().await? }))
}

/// Remembers that a copy of the root key is kept in a safe place, until the root key is another.
#[utoipa::path(
    put, path = paths::ROOT_KEY_KEPT, operation_id = "keepRootKey", tag = "overview",
    security(("session" = [])), responses((status = 200, body = Data<RootKeyKept>))
)]
pub async fn keep_root_key(
    allowed: Allowed<KeepRootKey>,
    State(overviews): State<Overviews>,
) -> Result<axum::Json<Data<RootKeyKept>>, Error> {
    overviews.keep_root_key(allowed.actor()).await?;
    Ok(axum::Json(Data { data: RootKeyKept { kept: true } }))
}
