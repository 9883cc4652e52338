//! `/api/keys` for people who are signed in, `/api/verify` for callers.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use keyward_api::Data;
use keyward_api::data::Deleted;
use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey, VerifiedCaller};
use time::OffsetDateTime;

use super::verify::Caller;
use crate::error::Error;
use crate::extract::Json;
use crate::session::Admin;
use crate::state::AppState;

/// The id of the key that was presented.
pub const X_KEYWARD_KEY_ID: HeaderName = HeaderName::from_static("x-keyward-key-id");
/// Its name, percent-encoded UTF-8.
pub const X_KEYWARD_KEY_NAME: HeaderName = HeaderName::from_static("x-keyward-key-name");
/// Its scopes, separated by spaces; empty when it has none.
pub const X_KEYWARD_SCOPES: HeaderName = HeaderName::from_static("x-keyward-scopes");

/// All keys, oldest first.
#[utoipa::path(
    get, path = "/api/keys", tag = "keys", security(("session" = [])),
    responses((status = 200, body = Data<Vec<ApiKey>>))
)]
pub async fn list(
    _admin: Admin,
    State(state): State<AppState>,
) -> Result<axum::Json<Data<Vec<ApiKey>>>, Error> {
    Ok(axum::Json(Data { data: state.keys.list().await? }))
}

/// Makes a key. The answer is the only place where it is ever shown.
#[utoipa::path(
    post, path = "/api/keys", tag = "keys", security(("session" = [])),
    responses((status = 200, body = Data<CreatedApiKey>))
)]
pub async fn create(
    admin: Admin,
    State(state): State<AppState>,
    Json(wanted): Json<CreateApiKey>,
) -> Result<axum::Json<Data<CreatedApiKey>>, Error> {
    refuse_past(wanted.expires_at, &state)?;
    let (record, key) = state.keys.create(wanted, admin.email).await?;
    let key = key.expose().to_owned().into();
    Ok(axum::Json(Data { data: CreatedApiKey { record, key } }))
}

/// Renames a key, changes its scopes or expiry, disables or enables it.
#[utoipa::path(
    patch, path = "/api/keys/{id}", tag = "keys", security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Data<ApiKey>))
)]
pub async fn update(
    _admin: Admin,
    State(state): State<AppState>,
    Path(id): Path<String>,
    Json(wanted): Json<UpdateApiKey>,
) -> Result<axum::Json<Data<ApiKey>>, Error> {
    refuse_past(wanted.expires_at.flatten(), &state)?;
    Ok(axum::Json(Data { data: state.keys.update(id, wanted).await? }))
}

/// Deletes a key. When the answer arrives, no verification accepts it any more.
#[utoipa::path(
    delete, path = "/api/keys/{id}", tag = "keys", security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn delete(
    _admin: Admin,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<axum::Json<Data<Deleted>>, Error> {
    state.keys.delete(id).await?;
    Ok(axum::Json(Data { data: Deleted { deleted: true } }))
}

/// Forward auth: says who calls, in headers and as JSON, or 401. Any method.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options), path = "/api/verify", tag = "verify",
    security(("apiKey" = [])),
    responses((status = 200, body = Data<VerifiedCaller>))
)]
pub async fn verify(Extension(caller): Extension<Caller>) -> Result<Response, Error> {
    let Caller(key) = &caller;
    // Always all of them, so that a proxy which copies them overwrites forged ones.
    let headers = [
        (X_KEYWARD_KEY_ID, header(&key.id)?),
        (X_KEYWARD_KEY_NAME, header(&key.escaped_name)?),
        (X_KEYWARD_SCOPES, header(&key.joined_scopes)?),
    ];
    Ok((headers, axum::Json(Data { data: VerifiedCaller::from(&caller) })).into_response())
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::Internal("an id that fits no header".into()))
}

fn refuse_past(expires_at: Option<OffsetDateTime>, state: &AppState) -> Result<(), Error> {
    match expires_at {
        Some(expiry) if expiry <= state.clock.now() => {
            Err(Error::field("expiresAt", "Expiry must be in the future"))
        }
        _ => Ok(()),
    }
}
