//! `/api/keys` for people who are signed in, `/api/verify` for callers, `/api/keys/verify`
//! for back ends.

use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use keyward_api::Data;
use keyward_api::data::Deleted;
use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey, VerifiedCaller};
use keyward_api::scopes::{Scope, Scopes};
use keyward_api::verification::{Verdict, VerdictCode, VerifyKey};
use time::{OffsetDateTime, UtcOffset};
use url::form_urlencoded;

use super::store::ChangeError;
use super::verify::{Caller, Identity, Judgement};
use crate::error::Error;
use crate::extract::Json;
use crate::scope::{KeyWithScope, KeysVerify};
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

/// Tells a back end whether the key that a caller presented to it is good.
#[utoipa::path(
    post, path = "/api/keys/verify", tag = "verify", security(("apiKey" = [])),
    responses((status = 200, body = Data<Verdict>))
)]
pub async fn judge(
    _caller: KeyWithScope<KeysVerify>,
    State(state): State<AppState>,
    Json(VerifyKey { key, scope }): Json<VerifyKey>,
) -> Result<axum::Json<Data<Verdict>>, Error> {
    let (code, caller) = match state.keys.verifier().judge(key.expose()) {
        Judgement::Unknown => (VerdictCode::NotFound, None),
        Judgement::Disabled(caller) => (VerdictCode::Disabled, Some(caller)),
        Judgement::Expired(caller) => (VerdictCode::Expired, Some(caller)),
        Judgement::Good(caller) => {
            let is_missing = |scope: &Scope| !caller.0.has_scope(scope.as_str());
            let code = match scope {
                Some(scope) if is_missing(&scope) => VerdictCode::InsufficientScope,
                _ => VerdictCode::Valid,
            };
            (code, Some(caller))
        }
    };
    let identity = caller.map(|caller| caller.identity()).transpose();
    let identity = identity.map_err(|error| {
        Error::Internal(format!("the identity of a key cannot be read: {error}"))
    })?;
    let valid = code == VerdictCode::Valid;
    let data = match identity {
        None => Verdict { valid, code, key_id: None, name: None, scopes: Scopes::default() },
        Some(VerifiedCaller { key_id, name, scopes }) => {
            Verdict { valid, code, key_id: Some(key_id), name: Some(name), scopes }
        }
    };
    Ok(axum::Json(Data { data }))
}

/// Forward auth: says who calls, in headers and as JSON, or 401. Any method. With `scope`, a
/// good key without that scope is 403; given more than once, all of them are needed.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options), path = "/api/verify", tag = "verify",
    security(("apiKey" = [])), params(("scope" = Option<String>, Query)),
    responses((status = 200, body = Data<VerifiedCaller>), (status = 403))
)]
pub async fn verify(request: Request) -> Response {
    // Looked at where it is: an extractor would copy it, once for each request.
    let Some(Caller(key)) = request.extensions().get() else {
        return Error::Internal("served without the layer that verifies".into()).into_response();
    };
    let query = request.uri().query().unwrap_or_default();
    for (name, asked) in form_urlencoded::parse(query.as_bytes()) {
        if name == "scope" && !key.has_scope(&asked) {
            let told = Scope::try_from(asked.into_owned()).map(String::from);
            let missing = told.unwrap_or_else(|_| "that was asked for".to_owned());
            return Error::MissingScope(missing).into_response();
        }
    }
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
