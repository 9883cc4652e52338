//! Permission by session or by scope, as a parameter of a handler. A scope may be narrowed
//! to some names: [`WithScope::over`] is the one place that heeds it, and the only way to the
//! actor, so that no handler can forget to ask.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::Method;
use http::request::Parts;
use keyward_api::paths;
use keyward_api::scopes::{self, KnownScope, Scopes};
use keyward_api::secrets::SecretKey;
use percent_encoding::percent_decode_str;

use crate::access::api_key::{Accepts, Refusal, presented};
use crate::access::authority::Authority;
use crate::audit::{Action, Actor, Event, Origin};
use crate::http::error::Error;
use crate::http::extract::ClientAddress;
use crate::session::Admin;
use crate::state::AppState;
use keyward_core::digest::KeyDigest;

/// A scope that opens routes of Keyward.
pub trait Opening: Send + Sync {
    /// The scope.
    const SCOPE: KnownScope;
    /// What a request for it wants to do, and to what, so far as that can be told.
    fn wanted(parts: &Parts) -> (Action, Option<String>);
}

/// `secrets:read`.
pub struct SecretsRead;

impl Opening for SecretsRead {
    const SCOPE: KnownScope = scopes::SECRETS_READ;

    fn wanted(parts: &Parts) -> (Action, Option<String>) {
        (Action::SecretRead, secret_in_path(parts))
    }
}

/// `secrets:write`.
pub struct SecretsWrite;

impl Opening for SecretsWrite {
    const SCOPE: KnownScope = scopes::SECRETS_WRITE;

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
    let key = parts.uri.path().strip_prefix(paths::SECRETS)?.strip_prefix('/')?;
    let key = percent_decode_str(key).decode_utf8().ok()?;
    SecretKey::try_from(key.into_owned()).ok().map(String::from)
}

/// Where keys are taken from here: forward auth alone takes more.
fn accepts(state: &AppState) -> Accepts {
    Accepts { basic: false, ..state.forward_auth.accepts }
}

/// Whether a key, or what could be meant as one, comes with the request.
fn presents_key(parts: &Parts, state: &AppState) -> bool {
    !matches!(presented(&parts.headers, accepts(state)), Err(Refusal::Missing))
}

/// `providers:resolve`.
pub struct ProvidersResolve;

impl Opening for ProvidersResolve {
    const SCOPE: KnownScope = scopes::PROVIDERS_RESOLVE;

    fn wanted(_: &Parts) -> (Action, Option<String>) {
        (Action::ProviderResolve, None)
    }
}

/// `keys:verify`.
pub struct KeysVerify;

impl Opening for KeysVerify {
    const SCOPE: KnownScope = scopes::KEYS_VERIFY;

    fn wanted(_: &Parts) -> (Action, Option<String>) {
        (Action::KeyVerify, None)
    }
}

/// A caller whose key has the scope `S`; a session is not asked for.
pub struct KeyWithScope<S>(PhantomData<S>);

impl<S: Opening> FromRequestParts<AppState> for KeyWithScope<S> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        if !presents_key(parts, state) {
            return Err(Error::Unauthenticated);
        }
        WithScope::<S>::from_request_parts(parts, state).await.map(|_| Self(PhantomData))
    }
}

/// Somebody who may do what the scope `S` opens, to some names at least: a person who is
/// signed in, or a caller whose key has the scope. A request that presents a key is judged
/// by the key alone.
pub struct WithScope<S> {
    actor: Actor,
    /// Those of the key; a person needs none.
    scopes: Option<Scopes>,
    action: Action,
    scope: PhantomData<S>,
}

impl<S: Opening> WithScope<S> {
    /// Whether the scope opens what has this name.
    pub fn reaches(&self, name: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.open_for(&S::SCOPE, name))
    }

    /// The names that [`WithScope::reaches`] is true for, or beginnings of them and `*`; `None`:
    /// all names. For a query that asks for those alone.
    pub fn patterns(&self) -> Option<Vec<&str>> {
        self.scopes.as_ref()?.patterns_for(&S::SCOPE)
    }

    /// Who it is, if they may do it to what has this name.
    pub async fn over(&self, state: &AppState, name: &str) -> Result<&Actor, Error> {
        if self.reaches(name) {
            return Ok(&self.actor);
        }
        let event = self.actor.was_refused(self.action, Some(name.to_owned()));
        Err(refused(state, event, format!("{}:{name}", S::SCOPE.text)).await)
    }
}

impl<S: Opening> FromRequestParts<AppState> for WithScope<S> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let (scope, (action, target)) = (PhantomData, S::wanted(parts));
        if !presents_key(parts, state) {
            let Admin { actor, .. } = Admin::from_request_parts(parts, state).await?;
            return Ok(Self { actor, scopes: None, action, scope });
        }
        let origin = Origin::from_request_parts(parts, state).await?;
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let presented = presented(&parts.headers, accepts(state));
        let digest = presented.as_ref().ok().map(|presented| KeyDigest::of(presented));
        let admitted = state.admission.admit(presented, address, state.clock.monotonic());
        let caller = admitted.map_err(|(_, error)| error)?;
        let caller = caller.key.identity.caller().map_err(|error| {
            Error::Internal(format!("the identity of a key cannot be read: {error}"))
        })?;
        let authority = Authority::Key {
            id: caller.key_id.clone(),
            digest: digest.ok_or(Error::Unauthenticated)?,
            scopes: caller.scopes.clone(),
            address,
        };
        let actor = Actor::key(&caller.key_id, &caller.name, origin).authorised_by(authority);
        if caller.scopes.open(&S::SCOPE) {
            return Ok(Self { actor, scopes: Some(caller.scopes), action, scope });
        }
        let event = actor.was_refused(action, target);
        Err(refused(state, event, S::SCOPE.text.to_owned()).await)
    }
}

/// The refusal, once it is recorded.
async fn refused(state: &AppState, event: Event, missing: String) -> Error {
    let event = event.with_detail(format!("the scope {missing} is missing"));
    match state.refusals.refuse(&state.audit, &state.db, event, &missing).await {
        Ok(()) => Error::MissingScope(missing),
        Err(error) => error.into(),
    }
}
