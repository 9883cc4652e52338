//! Permission by session or by scope, as a parameter of a handler.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::Method;
use http::request::Parts;
use keyward_api::secrets::SecretKey;

use crate::audit::{Action, Actor, Origin};
use crate::error::Error;
use crate::layers::api_key::{Verify, X_API_KEY, presented};
use crate::session::Admin;
use crate::state::AppState;

/// A scope that opens routes of Keyward.
pub trait KnownScope: Send + Sync {
    /// Its text.
    const TEXT: &'static str;
    /// What a request for it wants to do, and to what, so far as that can be told.
    fn wanted(parts: &Parts) -> (Action, Option<String>);
}

/// `secrets:read`.
pub struct SecretsRead;

impl KnownScope for SecretsRead {
    const TEXT: &'static str = "secrets:read";

    fn wanted(parts: &Parts) -> (Action, Option<String>) {
        (Action::SecretRead, secret_in_path(parts))
    }
}

/// `secrets:write`.
pub struct SecretsWrite;

impl KnownScope for SecretsWrite {
    const TEXT: &'static str = "secrets:write";

    fn wanted(parts: &Parts) -> (Action, Option<String>) {
        let action = match parts.method {
            Method::POST => Action::SecretCreate,
            Method::DELETE => Action::SecretDelete,
            _ => Action::SecretUpdate,
        };
        (action, secret_in_path(parts))
    }
}

fn secret_in_path(parts: &Parts) -> Option<String> {
    let key = parts.uri.path().strip_prefix("/api/secrets/")?;
    SecretKey::try_from(key.to_owned()).ok().map(String::from)
}

/// Somebody who may do what the scope `S` opens: a person who is signed in, or a caller
/// whose key has the scope. A request that presents a key is judged by the key alone.
pub struct WithScope<S> {
    /// Who it is.
    pub actor: Actor,
    scope: PhantomData<S>,
}

impl<S: KnownScope> FromRequestParts<AppState> for WithScope<S> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let scope = PhantomData;
        if !parts.headers.contains_key(X_API_KEY) {
            let admin = Admin::from_request_parts(parts, state).await?;
            return Ok(Self { actor: admin.actor, scope });
        }
        let origin = Origin::from_request_parts(parts, state).await?;
        let key = presented(&parts.headers).map_err(|_| Error::Unauthenticated)?;
        let caller = state.keys.verifier().verify(key).ok_or(Error::Unauthenticated)?;
        let caller = caller.identity().map_err(|error| {
            Error::Internal(format!("the identity of a key cannot be read: {error}"))
        })?;
        let actor = Actor::key(&caller.key_id, &caller.name, origin);
        if caller.scopes.iter().any(|scope| scope == S::TEXT) {
            return Ok(Self { actor, scope });
        }
        let detail = format!("the scope {} is missing", S::TEXT);
        let (action, target) = S::wanted(parts);
        let event = actor.was_refused(action, target).with_detail(detail);
        state.refusals.refuse(&state.audit, &state.db, event, S::TEXT).await?;
        Err(Error::MissingScope(S::TEXT))
    }
}
