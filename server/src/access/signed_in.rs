//! A person with a session, as a parameter of a handler.

use axum::extract::{FromRef, FromRequestParts};
use axum_extra::extract::cookie::CookieJar;
use http::request::Parts;
use time::OffsetDateTime;
use uuid::Uuid;

use super::authority::Authority;
use super::guard::Guard;
use crate::audit::{Actor, Origin};
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;
use crate::session::cookie;
use crate::session::sessions::ActiveSession;

/// A person who is signed in. Every user is an administrator.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user_id: Uuid,
    pub email: String,
    pub expires_at: OffsetDateTime,
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
        let ActiveSession { user, expires_at } = session.ok_or(Error::Unauthenticated)?;
        let origin = Origin::from_request_parts(parts, state).await?;
        let user_id = Uuid::from(user.id);
        let actor = Actor::user(user_id, &user.email, origin);
        let actor = actor.authorised_by(Authority::Session(hash));
        Ok(Self { user_id, email: user.email, expires_at, actor })
    }
}
