//! Those who have a permission, as a parameter of a handler: a person with a session and a role that
//! is enough, or a caller whose key has the scope. A scope may be narrowed to some names:
//! [`Allowed::authorize`] is the one place that checks it, and then the only way to the actor, so
//! that no handler can forget it.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use keyward_api::audit::AuditActorKind;
use keyward_api::roles::Role;
use keyward_api::scopes::{KnownScope, Scopes};

use super::credential::Credential;
use super::guard::Guard;
use super::permission::{Intent, Permission};
use super::signed_in::SignedIn;
use crate::audit::{Actor, Origin, Refusals};
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;
use crate::http::extract::ClientAddress;
use crate::providers::ProviderRefusal;

/// Somebody who has the permission `P`, at least for some names. A request that presents a key is
/// judged by the key alone.
pub struct Allowed<P> {
    actor: Actor,
    held: Held,
    /// What the request would do, for the record of a refusal.
    intent: Option<Intent>,
    refusals: Refusals,
    permission: PhantomData<P>,
}

/// By what somebody has a permission.
enum Held {
    /// By the role.
    Person(Role),
    /// By a scope of the key, which has all of these.
    Key(KnownScope, Scopes),
}

impl<P: Permission> Allowed<P> {
    /// Who it is, for a permission that no scope narrows.
    pub fn actor(&self) -> &Actor {
        const {
            let is_narrowed = match P::SCOPE {
                Some(scope) => scope.narrowed_by.is_some(),
                None => false,
            };
            assert!(!is_narrowed, "a scope may be narrowed: authorize a name");
        };
        &self.actor
    }

    /// The names that the permission covers, or beginnings of them and `*`; `None`: all names. For
    /// a query of those alone.
    pub fn patterns(&self) -> Option<Vec<&str>> {
        match &self.held {
            Held::Person(_) => None,
            Held::Key(scope, scopes) => scopes.patterns_for(scope),
        }
    }

    /// The scopes of the key; none: a person, who needs none.
    pub fn scopes(&self) -> Option<&Scopes> {
        match &self.held {
            Held::Person(_) => None,
            Held::Key(_, scopes) => Some(scopes),
        }
    }

    /// Whether the key with this id asks.
    pub fn is_key(&self, id: &str) -> bool {
        self.actor.kind == AuditActorKind::Key && self.actor.id.as_deref() == Some(id)
    }

    /// The refusal of a request about what has this name, once it is recorded.
    pub async fn refused(&self, name: &str, refusal: Error) -> Error {
        let target = Some(name.to_owned());
        let intent = self.intent.clone().map(|intent| Intent { target, ..intent });
        refuse(&self.refusals, &self.actor, intent, refusal).await
    }

    /// Who it is, if the permission covers what has this name.
    pub async fn authorize(&self, name: &str) -> Result<&Actor, Error> {
        match &self.held {
            Held::Key(scope, scopes) if !scopes.open_for(scope, name) => {
                let missing = Error::MissingScope(format!("{}:{name}", scope.text));
                Err(self.refused(name, missing).await)
            }
            _ => Ok(&self.actor),
        }
    }

    /// The same request under another permission of the same credentials, for what a handler knows
    /// only when it has read the request.
    pub async fn also<Q: Permission>(self, parts: Option<Intent>) -> Result<Allowed<Q>, Error> {
        let Self { actor, held, intent, refusals, .. } = self;
        let intent = parts.or(intent);
        let missing = match &held {
            Held::Person(role) => missing_role::<Q>(*role),
            Held::Key(_, scopes) => missing_scope::<Q>(scopes),
        };
        match missing {
            Some(missing) => Err(refuse(&refusals, &actor, intent, missing).await),
            None => Ok(Allowed { actor, held, intent, refusals, permission: PhantomData }),
        }
    }
}

/// What this role lacks for the permission.
fn missing_role<P: Permission>(role: Role) -> Option<Error> {
    match P::ROLE {
        None => Some(Error::Unauthenticated),
        Some(least) => (role < least).then_some(Error::MissingRole(least)),
    }
}

fn missing_scope<P: Permission>(scopes: &Scopes) -> Option<Error> {
    match P::SCOPE {
        None => Some(Error::Unauthenticated),
        Some(scope) => (!scopes.open(&scope)).then(|| Error::MissingScope(scope.text.to_owned())),
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
        let refusals = guard.refusals.clone();
        let intent = P::intent(parts);
        let (actor, held, missing) = match by_key::<S, P>(parts, state, &guard).await? {
            Some((actor, scope, scopes)) => {
                let missing = missing_scope::<P>(&scopes);
                (actor, Held::Key(scope, scopes), missing)
            }
            None if P::ROLE.is_none() => return Err(Error::Unauthenticated),
            None => {
                let SignedIn { actor, role, .. } =
                    SignedIn::from_request_parts(parts, state).await?;
                (actor, Held::Person(role), missing_role::<P>(role))
            }
        };
        match missing {
            Some(missing) => Err(refuse(&refusals, &actor, intent, missing).await),
            None => Ok(Self { actor, held, intent, refusals, permission: PhantomData }),
        }
    }
}

/// Who presents a good key, if the permission is one that keys can have.
async fn by_key<S: Send + Sync, P: Permission>(
    parts: &mut Parts,
    state: &S,
    guard: &Guard,
) -> Result<Option<(Actor, KnownScope, Scopes)>, Error>
where
    TrustedProxies: FromRef<S>,
{
    let Some(scope) = P::SCOPE else { return Ok(None) };
    let origin = Origin::from_request_parts(parts, state).await?;
    let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
    match Credential::key(guard, &parts.headers, origin, address) {
        Credential::NotPresented => Ok(None),
        Credential::Refused(error) => Err(error),
        Credential::Accepted(actor, scopes) => Ok(Some((actor, scope, scopes))),
    }
}

/// The refusal, once it is recorded.
async fn refuse(
    refusals: &Refusals,
    actor: &Actor,
    intent: Option<Intent>,
    refusal: Error,
) -> Error {
    let missing = match &refusal {
        Error::MissingScope(scope) => format!("the scope {scope} is missing"),
        Error::MissingRole(role) => format!("the role {role} is missing"),
        Error::Key(refusal) if refusal.is_about_the_caller() => refusal.to_string(),
        Error::Provider(refusal @ ProviderRefusal::BaseUrl) => refusal.to_string(),
        _ => return refusal,
    };
    let Some(Intent { action, target }) = intent else { return refusal };
    let event = actor.was_refused(action, target).with_detail(missing.clone());
    match refusals.record(event, &missing).await {
        Ok(()) => refusal,
        Err(error) => error.into(),
    }
}
