//! A person with a session, as a parameter of a handler.

use axum::extract::{FromRef, FromRequestParts};
use axum_extra::extract::cookie::CookieJar;
use http::request::Parts;
use keyward_api::roles::Role;

use super::authority::Authority;
use super::guard::Guard;
use crate::audit::{Actor, Origin};
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;
use crate::session::cookie;
use crate::session::sessions::ActiveSession;

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub session: ActiveSession,
    pub role: Role,
    pub actor: Actor,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn
where
    Guard: FromRef<S>,
    TrustedProxies: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let guard = Guard::from_ref(state);
        let jar = CookieJar::from_headers(&parts.headers);
        let token = guard.cookies.session(&jar).ok_or(Error::Unauthenticated)?;
        let hash = cookie::token_hash(token);
        let session = guard.people.use_session(&hash, guard.clock.now()).await?;
        let session = session.ok_or(Error::Unauthenticated)?;
        let origin = Origin::from_request_parts(parts, state).await?;
        let user = &session.user;
        let actor = Actor::user(user.id, &user.email, origin).with_role(user.role());
        let actor = actor.authorised_by(Authority::Session(hash));
        Ok(Self { role: user.role(), session, actor })
    }
}
