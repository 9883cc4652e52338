//! `/api/secrets` for people who are signed in, and for keys with the scope.

use axum::extract::{FromRequestParts, Path, State};
use axum_extra::headers::{ETag, HeaderMapExt, IfMatch};
use http::HeaderValue;
use http::header::ETAG;
use http::request::Parts;
use keyward_api::data::Deleted;
use keyward_api::queries::ListQuery;
use keyward_api::secrets::{
    CreateSecret, CreatedSecret, RevealedSecret, Secret, SecretAccess, SecretKey, UpdateSecret,
    UpdatedSecret,
};
use keyward_api::{Data, Page, paths};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Vault;
use super::entity::Model;
use super::permissions::{ListSecrets, ReadSecretAccess, ReadSecrets, WriteSecrets};
use super::vault::{SecretError, SecretRefusal};
use crate::access::Allowed;
use crate::http::error::Error;
use crate::http::extract::{Json, Query};
use crate::http::paging;
use crate::keys::Registry;

type Tagged<T> = ([(http::HeaderName, HeaderValue); 1], axum::Json<Data<T>>);

/// Secrets by key, without their values; those that a narrowed scope covers.
#[utoipa::path(
    get, path = paths::SECRETS, operation_id = "listSecrets", tag = "secrets",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(ListQuery), responses((status = 200, body = Page<Secret>))
)]
pub async fn list(
    allowed: Allowed<ListSecrets>,
    State(vault): State<Vault>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<Secret>>, Error> {
    let names = paging::names(&query)?;
    let (mut data, total) = vault.list(&names, allowed.patterns().as_deref()).await?;
    let next_cursor = paging::next(&mut data, names.limit, |secret| secret.key.clone())?;
    Ok(axum::Json(Page { data, next_cursor, total: Some(total) }))
}

/// Adds a secret.
#[utoipa::path(
    post, path = paths::SECRETS, operation_id = "createSecret", tag = "secrets",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    responses(
        (
            status = 200, body = Data<CreatedSecret>,
            headers(("ETag" = String, description = "The time of the last change, in quotes."))
        ),
        (status = 409, description = "`secret_exists`: another secret has the key.")
    )
)]
pub async fn create(
    allowed: Allowed<WriteSecrets>,
    State(vault): State<Vault>,
    Json(body): Json<CreateSecret>,
) -> Result<Tagged<CreatedSecret>, Error> {
    let actor = allowed.authorize(body.key.as_str()).await?;
    let row = vault.create(actor, body).await?;
    let tag = tag_header(row.updated_at)?;
    let Model { id, key, description, created_at, .. } = row;
    Ok((tag, axum::Json(Data { data: CreatedSecret { id, key, description, created_at } })))
}

/// The value of a secret. That it was read is recorded before it is sent.
#[utoipa::path(
    get, path = paths::SECRET, operation_id = "getSecret", tag = "secrets",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])), params(("key" = SecretKey, Path)),
    responses((
        status = 200, body = Data<RevealedSecret>,
        headers(("ETag" = String, description = "The time of the last change, in quotes."))
    ))
)]
pub async fn reveal(
    allowed: Allowed<ReadSecrets>,
    State(vault): State<Vault>,
    KeyInPath(key): KeyInPath,
) -> Result<Tagged<RevealedSecret>, Error> {
    let actor = allowed.authorize(&key).await?;
    let (data, row) = vault.reveal(actor, &key).await?;
    Ok((tag_header(row.updated_at)?, axum::Json(Data { data })))
}

/// Who can read the value of a secret, and who last did, without the value.
#[utoipa::path(
    get, path = paths::SECRET_ACCESS, operation_id = "getSecretAccess", tag = "secrets",
    security(("session" = [])), params(("key" = SecretKey, Path)),
    responses((status = 200, body = Data<SecretAccess>))
)]
pub async fn access(
    _allowed: Allowed<ReadSecretAccess>,
    State(vault): State<Vault>,
    State(keys): State<Registry>,
    KeyInPath(key): KeyInPath,
) -> Result<axum::Json<Data<SecretAccess>>, Error> {
    Ok(axum::Json(Data { data: vault.access(&keys, &key).await? }))
}

/// Changes value or description. With `If-Match`, only if nobody else did before.
#[utoipa::path(
    put, path = paths::SECRET, operation_id = "updateSecret", tag = "secrets",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(
        ("key" = SecretKey, Path),
        (
            "If-Match" = Option<String>, Header, description = "The `ETag` of the secret.",
            nullable = false, format = "etag", example = "*"
        )
    ),
    responses(
        (
            status = 200, body = Data<UpdatedSecret>,
            headers(("ETag" = String, description = "`updatedAt`, in quotes."))
        ),
        (status = 412)
    )
)]
pub async fn update(
    allowed: Allowed<WriteSecrets>,
    State(vault): State<Vault>,
    KeyInPath(key): KeyInPath,
    IfUnchanged(if_match): IfUnchanged,
    Json(body): Json<UpdateSecret>,
) -> Result<Tagged<UpdatedSecret>, Error> {
    let actor = allowed.authorize(&key).await?;
    let row = vault.update(actor, &key, body, &expected(if_match)).await?;
    let tag = tag_header(row.updated_at)?;
    let Model { id, key, description, updated_at, .. } = row;
    Ok((tag, axum::Json(Data { data: UpdatedSecret { id, key, description, updated_at } })))
}

/// Deletes a secret. With `If-Match`, only if nobody changed it before.
#[utoipa::path(
    delete, path = paths::SECRET, operation_id = "deleteSecret", tag = "secrets",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(
        ("key" = SecretKey, Path),
        (
            "If-Match" = Option<String>, Header, description = "The `ETag` of the secret.",
            nullable = false, format = "etag", example = "*"
        )
    ),
    responses((status = 200, body = Data<Deleted>), (status = 412))
)]
pub async fn delete(
    allowed: Allowed<WriteSecrets>,
    State(vault): State<Vault>,
    KeyInPath(key): KeyInPath,
    IfUnchanged(if_match): IfUnchanged,
) -> Result<axum::Json<Data<Deleted>>, Error> {
    let actor = allowed.authorize(&key).await?;
    vault.delete(actor, &key, &expected(if_match)).await?;
    Ok(axum::Json(Data { data: Deleted { deleted: true } }))
}

fn expected(if_match: Option<IfMatch>) -> impl Fn(&Model) -> bool + Sync {
    move |row| {
        let Some(if_match) = &if_match else { return true };
        let tag = tag(row.updated_at).and_then(|tag| tag.parse::<ETag>().ok());
        tag.is_some_and(|tag| if_match.precondition_passes(&tag))
    }
}

/// `updatedAt` as the list shows it, in quotes.
fn tag(updated_at: OffsetDateTime) -> Option<String> {
    updated_at.format(&Rfc3339).ok().map(|time| format!("\"{time}\""))
}

fn tag_header(updated_at: OffsetDateTime) -> Result<[(http::HeaderName, HeaderValue); 1], Error> {
    let value = tag(updated_at).and_then(|tag| HeaderValue::try_from(tag).ok());
    let value = value.ok_or_else(|| Error::Internal("a stored time has no text".into()))?;
    Ok([(ETAG, value)])
}

/// The `If-Match` header, if there is one (RFC 9110, 13.1.1).
pub struct IfUnchanged(Option<IfMatch>);

impl<S: Send + Sync> FromRequestParts<S> for IfUnchanged {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let if_match = parts.headers.typed_try_get::<IfMatch>();
        if_match.map(Self).map_err(|_| Error::field("If-Match", "Expected the ETag of the secret"))
    }
}

/// The key in the path. A text that can be no key is the key of no secret.
pub struct KeyInPath(String);

impl<S: Send + Sync> FromRequestParts<S> for KeyInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let text = path.map(|path| path.0).unwrap_or_default();
        let key = SecretKey::try_from(text.clone());
        key.map(|key| Self(key.into())).map_err(|_| {
            let shown = text.chars().take(SecretKey::MAX_CHARS).collect();
            SecretError::from(SecretRefusal::NotFound(shown)).into()
        })
    }
}
