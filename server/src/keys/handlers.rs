//! `/api/keys` for people who are signed in, `/api/verify` for callers.

use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use keyward_api::Data;
use keyward_api::data::Deleted;
use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey, VerifiedCaller};
use time::{OffsetDateTime, UtcOffset};

use super::store::ChangeError;
use super::verify::{Caller, Identity};
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
    Json(mut wanted): Json<CreateApiKey>,
) -> Result<axum::Json<Data<CreatedApiKey>>, Error> {
    wanted.expires_at = wanted.expires_at.map(|expiry| future(expiry, &state)).transpose()?;
    let (record, key) = state.keys.create(wanted, &admin.actor).await?;
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
    admin: Admin,
    State(state): State<AppState>,
    KeyId(id): KeyId,
    Json(mut wanted): Json<UpdateApiKey>,
) -> Result<axum::Json<Data<ApiKey>>, Error> {
    if let Some(Some(expiry)) = wanted.expires_at {
        wanted.expires_at = Some(Some(future(expiry, &state)?));
    }
    Ok(axum::Json(Data { data: state.keys.update(id, wanted, &admin.actor).await? }))
}

/// Deletes a key. When the answer arrives, no verification accepts it any more.
#[utoipa::path(
    delete, path = "/api/keys/{id}", tag = "keys", security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn delete(
    admin: Admin,
    State(state): State<AppState>,
    KeyId(id): KeyId,
) -> Result<axum::Json<Data<Deleted>>, Error> {
    state.keys.delete(id, &admin.actor).await?;
    Ok(axum::Json(Data { data: Deleted { deleted: true } }))
}

/// Forward auth: says who calls, in headers and as JSON, or 401. Any method.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options), path = "/api/verify", tag = "verify",
    security(("apiKey" = [])),
    responses((status = 200, body = Data<VerifiedCaller>))
)]
pub async fn verify(Extension(Caller(key)): Extension<Caller>) -> Response {
    let Identity { id, name, scopes, body } = &key.identity;
    // Always all of them, so that a proxy which copies them overwrites forged ones.
    let headers = [
        (X_KEYWARD_KEY_ID, id.clone()),
        (X_KEYWARD_KEY_NAME, name.clone()),
        (X_KEYWARD_SCOPES, scopes.clone()),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body.clone()).into_response()
}

/// The expiry in UTC, if it is still to come.
fn future(expiry: OffsetDateTime, state: &AppState) -> Result<OffsetDateTime, Error> {
    expiry
        .checked_to_offset(UtcOffset::UTC)
        .filter(|expiry| *expiry > state.clock.now())
        .ok_or_else(|| Error::field("expiresAt", "Expiry must be in the future"))
}

/// The id in the path. A text that can be no id is the id of no key.
pub struct KeyId(String);

impl<S: Send + Sync> FromRequestParts<S> for KeyId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.map_err(|_| ChangeError::NotFound)?.0;
        // As long as the column, and nothing that PostgreSQL refuses in a text.
        let fits = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(id)) } else { Err(ChangeError::NotFound.into()) }
    }
}
