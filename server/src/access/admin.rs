//! The permission to administer, as a parameter of a handler.

use axum::extract::FromRequestParts;
use axum_extra::extract::cookie::CookieJar;
use http::request::Parts;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::authority::Authority;
use crate::audit::{Actor, Origin};
use crate::http::error::Error;
use crate::session::{cookie, store};
use crate::state::AppState;

/// A person who is signed in. Every user is an administrator.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The id of the user.
    pub user_id: Uuid,
    /// The address of the user.
    pub email: String,
    /// When the session ends at the latest.
    pub expires_at: OffsetDateTime,
    /// The same person, for the audit log.
    pub actor: Actor,
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let jar = CookieJar::from_headers(&parts.headers);
        let token = state.cookies.session(&jar).ok_or(Error::Unauthenticated)?;
        let hash = cookie::token_hash(token);
        let session = state.people.use_session(&hash, state.clock.now()).await?;
        let store::ActiveSession { user, expires_at } = session.ok_or(Error::Unauthenticated)?;
        let origin = Origin::from_request_parts(parts, state).await?;
        let user_id = Uuid::from(user.id);
        let actor = Actor::user(user_id, &user.email, origin);
        let actor = actor.authorised_by(Authority::Session(hash));
        Ok(Self { user_id, email: user.email, expires_at, actor })
    }
}
