//! `/api/keys` for people who are signed in and for keys that manage others, and
//! `/api/keys/verify` for back ends.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use keyward_api::data::Deleted;
use keyward_api::key_list::{KeyConcern, KeySort, KeyStatus};
use keyward_api::keys::{
    ApiKey, CreateApiKey, CreatedApiKey, RotateApiKey, UpdateApiKey, VerifiedCaller,
};
use keyward_api::queries::KeysQuery;
use keyward_api::scopes::{Scope, Scopes};
use keyward_api::verification::{Verdict, VerdictCode, VerifyKey};
use keyward_api::{Changed, Data, Page, paths};
use keyward_core::networks;
use keyward_core::token::PlainKey;
use time::{OffsetDateTime, UtcOffset};

use super::Registry;
use super::authenticator::Authenticator;
use super::error::KeyRefusal;
use super::list::KeyPage;
use super::listing::search::Position;
use super::listing::{KeyFilter, KeyQuery};
use super::new_key::{KeyChange, NewKey};
use super::once::Once;
use super::permissions::{ReadKeys, VerifyKeys, WriteKeys};
use super::reach::{KeyId, done, reach};
use super::verification::Verification;
use crate::access::Allowed;
use crate::clock::Clock;
use crate::http::error::Error;
use crate::http::extract::{IdempotencyKey, Json, Query};
use crate::http::paging;

fn key_query(query: &KeysQuery) -> Result<KeyQuery, Error> {
    let refused = |name: &'static str| move |message: String| Error::field(name, message);
    let status = query.status.as_deref().map(KeyStatus::try_from).transpose();
    let only = query.only.as_deref().map(KeyConcern::try_from).transpose();
    let sort = query.sort.as_deref().map(KeySort::try_from).transpose();
    let scope = query.scope.clone().map(Scope::try_from).transpose();
    let (sort, q) = (sort.map_err(refused("sort"))?.unwrap_or_default(), query.q.as_deref());
    let filter = KeyFilter {
        q: paging::text("q", q)?,
        status: status.map_err(refused("status"))?,
        only: only.map_err(refused("only"))?,
        reads: None,
        scope: scope.map_err(|error| Error::field("scope", error))?,
    };
    let after = query.cursor.as_deref().map(|cursor| position(cursor, sort)).transpose()?;
    let limit = paging::limit(query.limit.as_deref())?;
    Ok(KeyQuery { filter, sort, after, limit })
}

/// A cursor names the order that it is of.
fn position(cursor: &str, sort: KeySort) -> Result<Position, Error> {
    let (of, position): (KeySort, Position) = paging::from_cursor(cursor)?;
    let fits = of == sort && position.is_of(sort);
    if fits { Ok(position) } else { Err(paging::bad_cursor()) }
}

/// The keys that match a filter, oldest first unless another order is asked for.
#[utoipa::path(
    get, path = paths::KEYS, operation_id = "listKeys", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])), params(KeysQuery),
    responses((status = 200, body = Page<ApiKey>))
)]
pub async fn list(
    _allowed: Allowed<ReadKeys>,
    State(keys): State<Registry>,
    Query(query): Query<KeysQuery>,
) -> Result<axum::Json<Page<ApiKey>>, Error> {
    let query = key_query(&query)?;
    let sort = query.sort;
    let KeyPage { keys, next, total } = keys.page(query).await?;
    let next_cursor = next.map(|position| paging::to_cursor(&(sort, position))).transpose()?;
    Ok(axum::Json(Page { data: keys, next_cursor, total: Some(total) }))
}

/// One key.
#[utoipa::path(
    get, path = paths::KEY, operation_id = "getKey", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("id" = String, Path, min_length = 1, max_length = 64, example = "01a2023a-d02c-76e7-ae66-f53eea645402")),
    responses((status = 200, body = Data<ApiKey>))
)]
pub async fn get(
    _allowed: Allowed<ReadKeys>,
    State(keys): State<Registry>,
    KeyId(id): KeyId,
) -> Result<axum::Json<Data<ApiKey>>, Error> {
    let data = keys.get(&id).await?.ok_or(KeyRefusal::NotFound)?;
    Ok(axum::Json(Data { data }))
}

/// Makes a key. The answer is the only place where it is ever shown. A request that may be sent
/// again has an `Idempotency-Key`: within 10 minutes, a second one does not make a second key.
#[utoipa::path(
    post, path = paths::KEYS, operation_id = "createKey", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1,
        max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$", example = "5c1b7b06-1f5e-4b0e-9d5a-4f0d3a8f2b11",
        description = "Marks a request that may be sent again."
    )),
    responses(
        (status = 200, body = Data<CreatedApiKey>),
        (status = 409, description = "`key_name_taken`: another key has the name. \
            `already_created`: a request with the same `Idempotency-Key` made the key before; \
            `id` names it, and a rotation gives one that works."),
        (status = 422, description = "`idempotency_key_reused`: the `Idempotency-Key` came before \
            with another request.")
    )
)]
pub async fn create(
    allowed: Allowed<WriteKeys>,
    State(keys): State<Registry>,
    State(clock): State<Clock>,
    IdempotencyKey(header): IdempotencyKey,
    Json(mut body): Json<CreateApiKey>,
) -> Result<axum::Json<Data<CreatedApiKey>>, Error> {
    let actor = allowed.authorize(body.name.as_str()).await?;
    body.expires_at = body.expires_at.map(|expiry| future(expiry, &clock)).transpose()?;
    let networks = networks::parse(&body.allowed_networks).map_err(Error::Validation)?;
    body.allowed_networks = networks.iter().map(networks::to_text).collect();
    let once = header.map(|header| Once::of(actor, &header, &body)).transpose();
    let once = once.map_err(|error| Error::Internal(format!("no hash of a request: {error}")))?;
    let CreateApiKey { name, scopes, expires_at, rate_limit, .. } = body;
    let target = name.as_str().to_owned();
    let new = NewKey { name, scopes, expires_at, rate_limit, networks };
    let made = keys.create_once(new, once, actor).await;
    let (record, key) = done(&allowed, &target, made).await?;
    Ok(axum::Json(Data { data: shown_once(record, &key) }))
}

fn shown_once(record: ApiKey, key: &PlainKey) -> CreatedApiKey {
    CreatedApiKey { record, key: key.expose().to_owned().into() }
}

/// Renames a key, changes its scopes, expiry or limits, disables or enables it.
#[utoipa::path(
    patch, path = paths::KEY, operation_id = "updateKey", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("id" = String, Path, min_length = 1, max_length = 64, example = "01a2023a-d02c-76e7-ae66-f53eea645402")),
    responses(
        (status = 200, body = Changed<ApiKey>),
        (status = 409, description = "`key_name_taken`: another key has the name. `key_unreadable`, \
            `key_altered`: the stored row does not hold.")
    )
)]
pub async fn update(
    allowed: Allowed<WriteKeys>,
    State(keys): State<Registry>,
    State(clock): State<Clock>,
    KeyId(id): KeyId,
    Json(body): Json<UpdateApiKey>,
) -> Result<axum::Json<Changed<ApiKey>>, Error> {
    let UpdateApiKey { name, scopes, expires_at, enabled, rate_limit, allowed_networks } = body;
    let expires_at = match expires_at {
        Some(Some(expiry)) => Some(Some(future(expiry, &clock)?)),
        other => other,
    };
    let networks = allowed_networks.as_deref().map(networks::parse).transpose();
    let networks = networks.map_err(Error::Validation)?;
    let (actor, present) = reach(&allowed, &keys, &id).await?;
    if let Some(name) = &name {
        allowed.authorize(name.as_str()).await?;
    }
    let change = KeyChange { name, scopes, expires_at, enabled, rate_limit, networks };
    let updated = keys.update(id, change, actor).await;
    Ok(axum::Json(done(&allowed, &present, updated).await?))
}

/// Replaces a key by a new one, which is shown in the answer and never again. Id, name,
/// scopes and limits stay. The old key works for the grace, and never past the expiry; one
/// that an earlier rotation left is refused from now on.
#[utoipa::path(
    post, path = paths::KEY_ROTATE, operation_id = "rotateKey", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("id" = String, Path, min_length = 1, max_length = 64, example = "01a2023a-d02c-76e7-ae66-f53eea645402")),
    responses(
        (status = 200, body = Changed<CreatedApiKey>),
        (status = 409, description = "`key_expired`: the key has expired. `key_rotated`: another \
            rotation came first. `key_unreadable`, `key_altered`: the stored row does not hold.")
    )
)]
pub async fn rotate(
    allowed: Allowed<WriteKeys>,
    State(keys): State<Registry>,
    KeyId(id): KeyId,
    Json(RotateApiKey { grace_seconds }): Json<RotateApiKey>,
) -> Result<axum::Json<Changed<CreatedApiKey>>, Error> {
    let grace = Duration::from_secs(grace_seconds.get().into());
    let (actor, name) = reach(&allowed, &keys, &id).await?;
    let rotated = keys.rotate(id, grace, actor).await;
    let (Changed { data, effective }, key) = done(&allowed, &name, rotated).await?;
    Ok(axum::Json(Changed { data: shown_once(data, &key), effective }))
}

/// Refuses the old key of a rotation from now on.
#[utoipa::path(
    delete, path = paths::KEY_OVERLAP, operation_id = "endKeyOverlap", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("id" = String, Path, min_length = 1, max_length = 64, example = "01a2023a-d02c-76e7-ae66-f53eea645402")),
    responses(
        (status = 200, body = Changed<ApiKey>),
        (status = 409, description = "`key_unreadable`, `key_altered`: the stored row does not hold.")
    )
)]
pub async fn end_overlap(
    allowed: Allowed<WriteKeys>,
    State(keys): State<Registry>,
    KeyId(id): KeyId,
) -> Result<axum::Json<Changed<ApiKey>>, Error> {
    let ended = async {
        let (actor, name) = reach(&allowed, &keys, &id).await?;
        done(&allowed, &name, keys.end_overlap(id, actor).await).await
    };
    Ok(axum::Json(taken_away(&keys, ended.await).await?))
}

/// Deletes a key. When the answer arrives, no server accepts it any more.
#[utoipa::path(
    delete, path = paths::KEY, operation_id = "deleteKey", tag = "keys",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("id" = String, Path, min_length = 1, max_length = 64, example = "01a2023a-d02c-76e7-ae66-f53eea645402")),
    responses((status = 200, body = Changed<Deleted>))
)]
pub async fn delete(
    allowed: Allowed<WriteKeys>,
    State(keys): State<Registry>,
    KeyId(id): KeyId,
) -> Result<axum::Json<Changed<Deleted>>, Error> {
    let deleted = async {
        let (actor, name) = reach(&allowed, &keys, &id).await?;
        done(&allowed, &name, keys.delete(id, actor).await).await
    };
    let effective = taken_away(&keys, deleted.await).await?;
    Ok(axum::Json(Changed { data: Deleted { deleted: true }, effective }))
}

/// That there is nothing to take away is answered when no server accepts it any more either: the
/// one who asks may ask once more after an answer that was lost.
async fn taken_away<T>(keys: &Registry, taken: Result<T, Error>) -> Result<T, Error> {
    if let Err(Error::Key(KeyRefusal::NotFound | KeyRefusal::NoOverlap)) = taken {
        keys.settle().await?;
    }
    taken
}

/// Answers a back end whether the key that a caller presented to it is good.
#[utoipa::path(
    post, path = paths::KEYS_VERIFY, operation_id = "verifyKey", tag = "verify", security(("apiKey" = []), ("bearer" = [])),
    responses((status = 200, body = Data<Verdict>))
)]
pub async fn verify(
    _allowed: Allowed<VerifyKeys>,
    State(authenticator): State<Arc<Authenticator>>,
    Json(VerifyKey { key, scope, address }): Json<VerifyKey>,
) -> Result<axum::Json<Data<Verdict>>, Error> {
    let mut verification = authenticator.verifier().verify(key.expose(), address);
    if let Some(scope) = scope {
        verification = verification.with_scope(&scope);
    }
    authenticator.answered(&verification);
    if matches!(verification, Verification::NoLease) {
        return Err(Error::NoLease);
    }
    let caller = verification.key().map(|key| key.identity.caller()).transpose();
    let caller = caller.map_err(|error| {
        Error::Internal(format!("the identity of a key cannot be read: {error}"))
    })?;
    let code = verification.code();
    let valid = code == VerdictCode::Valid;
    let data = match caller {
        None => Verdict { valid, code, key_id: None, name: None, scopes: Scopes::default() },
        Some(VerifiedCaller { key_id, name, scopes }) => {
            Verdict { valid, code, key_id: Some(key_id), name: Some(name), scopes }
        }
    };
    Ok(axum::Json(Data { data }))
}

/// The expiry in UTC, if it is still to come.
fn future(expiry: OffsetDateTime, clock: &Clock) -> Result<OffsetDateTime, Error> {
    expiry
        .checked_to_offset(UtcOffset::UTC)
        .filter(|expiry| *expiry > clock.now())
        .ok_or_else(|| Error::field("expiresAt", "Expiry must be in the future"))
}
