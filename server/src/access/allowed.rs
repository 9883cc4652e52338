//! Those who have a permission, as a parameter of a handler: a person with a session, or a caller
//! whose key has the scope. A scope may be narrowed to some names: [`Allowed::authorize`] is the one
//! place that checks it, and then the only way to the actor, so that no handler can forget it.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use keyward_api::scopes::{KnownScope, Scopes};

use super::credential::Credential;
use super::guard::Guard;
use super::permission::{Intent, Permission};
use super::signed_in::SignedIn;
use crate::audit::{Actor, Origin, Refusals};
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;
use crate::http::extract::ClientAddress;

/// Somebody who has the permission `P`, at least for some names. A request that presents a key is
/// judged by the key alone.
pub struct Allowed<P> {
    actor: Actor,
    /// What a key has; a person needs no scope.
    held: Option<Held>,
    refusals: Refusals,
    permission: PhantomData<P>,
}

struct Held {
    scope: KnownScope,
    scopes: Scopes,
    intent: Intent,
}

impl<P: Permission> Allowed<P> {
    /// Who it is, for a permission that no key has, and so none has narrowed.
    pub fn actor(&self) -> &Actor {
        const { assert!(P::SCOPE.is_none(), "a scope may be narrowed: authorize a name") };
        &self.actor
    }

    /// The names that the permission covers, or beginnings of them and `*`; `None`: all names. For
    /// a query of those alone.
    pub fn patterns(&self) -> Option<Vec<&str>> {
        self.held.as_ref().and_then(|held| held.scopes.patterns_for(&held.scope))
    }

    /// Who it is, if the permission covers what has this name.
    pub async fn authorize(&self, name: &str) -> Result<&Actor, Error> {
        match &self.held {
            Some(Held { scope, scopes, intent }) if !scopes.open_for(scope, name) => {
                let intent = Intent { target: Some(name.to_owned()), ..intent.clone() };
                let missing = format!("{}:{name}", scope.text);
                Err(refuse(&self.refusals, &self.actor, intent, missing).await)
            }
            _ => Ok(&self.actor),
        }
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for Allowed<P>
where
    Guard: FromRef<S>,
    TrustedProxies: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let guard = Guard::from_ref(state);
        let permission = PhantomData;
        if let Some((scope, intent)) = P::SCOPE {
            let (origin, intent) = (Origin::from_request_parts(parts, state).await?, intent(parts));
            let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
            match Credential::key(&guard, &parts.headers, origin, address) {
                Credential::NotPresented => (),
                Credential::Refused(error) => return Err(error),
                Credential::Accepted(actor, scopes) if scopes.open(&scope) => {
                    let held = Some(Held { scope, scopes, intent });
                    return Ok(Self { actor, held, refusals: guard.refusals, permission });
                }
                Credential::Accepted(actor, _) => {
                    let missing = scope.text.to_owned();
                    return Err(refuse(&guard.refusals, &actor, intent, missing).await);
                }
            }
        }
        if !P::SESSION {
            return Err(Error::Unauthenticated);
        }
        let SignedIn { actor, .. } = SignedIn::from_request_parts(parts, state).await?;
        Ok(Self { actor, held: None, refusals: guard.refusals, permission })
    }
}

/// The refusal, once it is recorded.
async fn refuse(refusals: &Refusals, actor: &Actor, intent: Intent, missing: String) -> Error {
    let Intent { action, target } = intent;
    let event = actor.was_refused(action, target);
    let event = event.with_detail(format!("the scope {missing} is missing"));
    match refusals.record(event, &missing).await {
        Ok(()) => Error::MissingScope(missing),
        Err(error) => error.into(),
    }
}
