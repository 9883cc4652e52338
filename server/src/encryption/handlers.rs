//! `/api/admin/encryption`: the state of the data keys, and their rotation.

use axum::extract::State;
use keyward_api::encryption::{EncryptionStatus, Rotated};
use keyward_api::{Data, paths};

use super::Rotation;
use super::permissions::{ReadEncryption, RotateEncryption};
use crate::access::Allowed;
use crate::http::error::Error;

/// Data keys, and how many values are under them.
#[utoipa::path(
    get, path = paths::ENCRYPTION, operation_id = "getEncryption", tag = "encryption", security(("session" = [])),
    responses((status = 200, body = Data<EncryptionStatus>), (status = 403))
)]
pub async fn status(
    _allowed: Allowed<ReadEncryption>,
    State(rotation): State<Rotation>,
) -> Result<axum::Json<Data<EncryptionStatus>>, Error> {
    Ok(axum::Json(Data { data: rotation.status().await? }))
}

/// Makes a new data key and seals every value again under it, wholly or not at all.
#[utoipa::path(
    post, path = paths::ENCRYPTION_ROTATE, operation_id = "rotateEncryption", tag = "encryption", security(("session" = [])),
    responses(
        (status = 200, body = Data<Rotated>),
        (status = 409, description = "`rotation_running`")
    )
)]
pub async fn rotate(
    allowed: Allowed<RotateEncryption>,
    State(rotation): State<Rotation>,
) -> Result<axum::Json<Data<Rotated>>, Error> {
    Ok(axum::Json(Data { data: rotation.rotate(allowed.actor()).await? }))
}
