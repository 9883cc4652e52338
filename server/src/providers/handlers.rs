//! `/api/providers` and `/api/resolve` for people who are signed in, and for keys with the scope.

use axum::extract::{FromRequestParts, Path, State};
use http::request::Parts;
use keyward_api::data::Deleted;
use keyward_api::providers::{
    Explained, ModelCredential, ModelName, Provider, ProviderId, Resolved, SetModel, SetProvider,
    UpdateProvider,
};
use keyward_api::queries::{ListQuery, ResolveQuery};
use keyward_api::roles::Role;
use keyward_api::{Data, Page, paths};
use serde::Serialize;

use super::Credentials;
use super::credentials::target;
use super::error::{ProviderError, ProviderRefusal};
use super::permissions::{ReadProviders, ResolveCredentials, WriteProviders};
use crate::access::Allowed;
use crate::audit::{Action, Actor, Refusals};
use crate::http::error::Error;
use crate::http::extract::{Json, Query};
use crate::http::paging;

/// Providers by name, without their keys; those that a narrowed scope covers.
#[utoipa::path(
    get, path = paths::PROVIDERS, operation_id = "listProviders", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(ListQuery), responses((status = 200, body = Page<Provider>))
)]
pub async fn list(
    allowed: Allowed<ReadProviders>,
    State(credentials): State<Credentials>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<Provider>>, Error> {
    let names = paging::names(&query)?;
    let (mut data, total) = credentials.list(&names, allowed.patterns().as_deref()).await?;
    let next_cursor = paging::next(&mut data, names.limit, |found| found.provider.clone())?;
    Ok(axum::Json(Page { data, next_cursor, total: Some(total) }))
}

/// Enters the key of a provider or replaces it. Another base URL is for administrators.
#[utoipa::path(
    put, path = paths::PROVIDER, operation_id = "setProvider", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("provider" = ProviderId, Path)),
    responses((status = 200, body = Data<Provider>), (status = 409))
)]
pub async fn set(
    allowed: Allowed<WriteProviders>,
    State(credentials): State<Credentials>,
    ProviderInPath(provider): ProviderInPath,
    Json(body): Json<SetProvider>,
) -> Result<axum::Json<Data<Provider>>, Error> {
    let name = provider.as_str().to_owned();
    let set = credentials.set_provider(allowed.actor(), provider, body).await;
    Ok(axum::Json(Data { data: done(&allowed, &name, set).await? }))
}

/// Changes base URL or note of a provider that has a key. The base URL is for administrators.
#[utoipa::path(
    patch, path = paths::PROVIDER, operation_id = "updateProvider", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("provider" = ProviderId, Path)),
    responses((status = 200, body = Data<Provider>), (status = 409))
)]
pub async fn update(
    allowed: Allowed<WriteProviders>,
    State(credentials): State<Credentials>,
    ProviderInPath(provider): ProviderInPath,
    Json(body): Json<UpdateProvider>,
) -> Result<axum::Json<Data<Provider>>, Error> {
    let name = provider.as_str().to_owned();
    let updated = credentials.update_provider(allowed.actor(), provider, body).await;
    Ok(axum::Json(Data { data: done(&allowed, &name, updated).await? }))
}

/// What became of a change of a provider. That the base URL is not the caller's to change is
/// recorded.
async fn done<T>(
    allowed: &Allowed<WriteProviders>,
    provider: &str,
    change: Result<T, ProviderError>,
) -> Result<T, Error> {
    match change {
        Ok(done) => Ok(done),
        Err(ProviderError::Refused(ProviderRefusal::BaseUrl)) if allowed.scopes().is_none() => {
            Err(allowed.refused(provider, Error::MissingRole(Role::Admin)).await)
        }
        Err(error) => Err(allowed.refused(provider, error.into()).await),
    }
}

/// Deletes a provider with the keys of its models.
#[utoipa::path(
    delete, path = paths::PROVIDER, operation_id = "deleteProvider", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("provider" = ProviderId, Path)),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn delete(
    allowed: Allowed<WriteProviders>,
    State(credentials): State<Credentials>,
    ProviderInPath(provider): ProviderInPath,
) -> Result<axum::Json<Data<Deleted>>, Error> {
    credentials.delete_provider(allowed.actor(), provider).await?;
    Ok(axum::Json(Data { data: Deleted { deleted: true } }))
}

/// Enters the key of a model or replaces it; it goes before the key of the provider.
#[utoipa::path(
    put, path = paths::MODEL, operation_id = "setModel", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("provider" = ProviderId, Path), ("model" = ModelName, Path)),
    responses((status = 200, body = Data<ModelCredential>), (status = 409))
)]
pub async fn set_model(
    allowed: Allowed<WriteProviders>,
    State(credentials): State<Credentials>,
    ModelInPath(provider, model): ModelInPath,
    Json(body): Json<SetModel>,
) -> Result<axum::Json<Data<ModelCredential>>, Error> {
    let model = ModelName::new(model.into()).map_err(|error| Error::field("model", error))?;
    let data = credentials.set_model(allowed.actor(), provider, model, body).await?;
    Ok(axum::Json(Data { data }))
}

/// Deletes the key of a model: the key of its provider is used from now on.
#[utoipa::path(
    delete, path = paths::MODEL, operation_id = "deleteModel", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(("provider" = ProviderId, Path), ("model" = ModelName, Path)),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn delete_model(
    allowed: Allowed<WriteProviders>,
    State(credentials): State<Credentials>,
    ModelInPath(provider, model): ModelInPath,
) -> Result<axum::Json<Data<Deleted>>, Error> {
    credentials.delete_model(allowed.actor(), provider, model).await?;
    Ok(axum::Json(Data { data: Deleted { deleted: true } }))
}

/// The key, or which one it would be.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Resolution {
    /// The key.
    Resolved(Resolved),
    /// With `explain=true`.
    Explained(Explained),
}

/// The key to use: the model's own, else the provider's. That it was given out is recorded
/// before it is sent.
#[utoipa::path(
    get, path = paths::RESOLVE, operation_id = "resolveCredential", tag = "providers",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(ResolveQuery),
    responses(
        (status = 200, body = Data<Resolution>),
        (status = 404, description = "`no_credential`: no key is stored for what was asked for."),
        (status = 409, description = "`credential_altered`: the stored row does not hold.")
    )
)]
pub async fn resolve(
    allowed: Allowed<ReadProviders>,
    State(credentials): State<Credentials>,
    State(refusals): State<Refusals>,
    Query(query): Query<ResolveQuery>,
) -> Result<axum::Json<Data<Resolution>>, Error> {
    let (provider, model) = (asked_provider(&query)?, asked_model(&query)?);
    let is_explained = is_explained(&query)?;
    let data = if is_explained {
        allowed.authorize(provider.as_str()).await?;
        Resolution::Explained(credentials.explain(provider, model).await?)
    } else {
        let allowed: Allowed<ResolveCredentials> = allowed.also(None).await?;
        let actor = allowed.authorize(provider.as_str()).await?;
        let resolved = credentials.resolve(actor, provider, model).await;
        if let Err(ProviderError::Refused(ProviderRefusal::None { provider, model })) = &resolved {
            record_none(&refusals, actor, target(provider, model.as_deref())).await?;
        }
        Resolution::Resolved(resolved?)
    };
    Ok(axum::Json(Data { data }))
}

/// A program may ask every second for what is not there.
async fn record_none(refusals: &Refusals, actor: &Actor, target: String) -> Result<(), Error> {
    let event = actor.was_refused(Action::ProviderResolve, target).with_detail("no key is stored");
    Ok(refusals.record(event, "none").await?)
}

fn asked_provider(query: &ResolveQuery) -> Result<ProviderId, Error> {
    let text = query.provider.clone();
    provider(text.ok_or_else(|| Error::field("provider", "Provider is required"))?)
}

fn asked_model(query: &ResolveQuery) -> Result<Option<ModelName>, Error> {
    query.model.clone().map(model).transpose()
}

fn is_explained(query: &ResolveQuery) -> Result<bool, Error> {
    match query.explain.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::field("explain", "Expected true or false")),
    }
}

fn provider(text: String) -> Result<ProviderId, Error> {
    ProviderId::try_from(text).map_err(|error| Error::field("provider", error))
}

fn model(text: String) -> Result<ModelName, Error> {
    ModelName::try_from(text).map_err(|error| Error::field("model", error))
}

/// The provider in the path.
pub struct ProviderInPath(ProviderId);

impl<S: Send + Sync> FromRequestParts<S> for ProviderInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        // What is no UTF-8 is no provider either.
        provider(path.map(|path| path.0).unwrap_or_default()).map(Self)
    }
}

/// The provider and the model in the path; the model is percent-encoded, and may hold slashes.
pub struct ModelInPath(ProviderId, ModelName);

impl<S: Send + Sync> FromRequestParts<S> for ModelInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((in_path, named)) =
            path.map_err(|_| Error::field("model", "Model must be percent-encoded UTF-8"))?;
        Ok(Self(provider(in_path)?, model(named)?))
    }
}
