//! `/api/sessions`: those of the person who asks.

use axum::extract::{FromRequestParts, Path, State};
use http::request::Parts;
use keyward_api::account::{EndedSessions, SignedInBy, UserSession};
use keyward_api::page::Page;
use keyward_api::queries::PageQuery;
use keyward_api::{Changed, data::Deleted, paths};

use crate::access::SignedIn;
use crate::http::error::Error;
use crate::http::extract::Query;
use crate::http::paging;
use crate::replicas::Membership;
use crate::session::account::Own;
use crate::session::cookie::SetCookies;
use crate::session::entity::sessions::Model;
use crate::session::error::AccountRefusal;
use crate::session::own_sessions::session_id;
use crate::session::sign_in::SignInService;

/// The sessions of the person who is signed in, the one that was used last first.
#[utoipa::path(
    get, path = paths::SESSIONS, operation_id = "listSessions", tag = "session", security(("session" = [])),
    params(PageQuery), responses((status = 200, body = Page<UserSession>))
)]
pub async fn list(
    person: SignedIn,
    State(service): State<SignInService>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<Page<UserSession>>, Error> {
    let limit: u16 = paging::limit(query.limit.as_deref())?;
    let after: Option<Place> = query.cursor.as_deref().map(paging::from_cursor).transpose()?;
    let mut own = service.accounts.sessions(&person.session.user, service.clock.now()).await?;
    own.sort_by_cached_key(place);
    let total = own.len() as u64;
    let is_next = |session: &&Model| after.as_ref().is_none_or(|after| place(session) > *after);
    let mut rest = own.iter().filter(is_next);
    let shown: Vec<&Model> = rest.by_ref().take(limit.into()).collect();
    let last = shown.last().filter(|_| rest.next().is_some());
    let next_cursor = last.map(|last| paging::to_cursor(&place(last))).transpose()?;
    let data = shown.into_iter().map(|session| user_session(session, &person)).collect();
    Ok(axum::Json(Page { data, next_cursor, total: Some(total) }))
}

/// Where a session stands in the list: the seconds since 1970 of its last use, negated, and its id.
type Place = (i64, String);

fn place(session: &Model) -> Place {
    (-session.last_seen_at.unix_timestamp(), session_id(session).to_owned())
}

/// Ends all sessions of the person but the one that asks.
#[utoipa::path(
    delete, path = paths::SESSIONS, operation_id = "endOtherSessions", tag = "session", security(("session" = [])),
    responses((status = 200, body = Changed<EndedSessions>))
)]
pub async fn end_others(
    person: SignedIn,
    State(service): State<SignInService>,
    State(servers): State<Membership>,
) -> Result<axum::Json<Changed<EndedSessions>>, Error> {
    let (ended, generation) = service.accounts.end_other_sessions(own(&person)).await?;
    let effective = generation.map(|generation| servers.at_once(generation));
    Ok(axum::Json(Changed { data: EndedSessions { ended }, effective }))
}

/// Ends a session of the person. The one that asks may be it: then its cookie is taken back.
#[utoipa::path(
    delete, path = paths::SESSION_BY_ID, operation_id = "endSession", tag = "session", security(("session" = [])),
    params(("id" = String, Path, pattern = "^[0-9a-f]{32}$", example = "0123456789abcdef0123456789abcdef")),
    responses((status = 200, body = Changed<Deleted>))
)]
pub async fn end(
    person: SignedIn,
    State(service): State<SignInService>,
    State(servers): State<Membership>,
    SessionId(id): SessionId,
) -> Result<(Option<SetCookies<1>>, axum::Json<Changed<Deleted>>), Error> {
    let (is_current, generation) = service.accounts.end_own_session(own(&person), &id).await?;
    let cookies = is_current.then(|| service.cookies.sign_out());
    let effective = Some(servers.at_once(generation));
    Ok((cookies, axum::Json(Changed { data: Deleted { deleted: true }, effective })))
}

fn own(person: &SignedIn) -> Own<'_> {
    Own { session: &person.session, actor: &person.actor }
}

fn user_session(session: &Model, person: &SignedIn) -> UserSession {
    let is_sso = session.signed_in_by.as_deref() == Some(SignedInBy::Sso.as_str());
    UserSession {
        id: session_id(session).to_owned(),
        current: session.token_hash == person.session.row.token_hash,
        device: session.device.clone(),
        address: session.address.clone(),
        signed_in_by: if is_sso { SignedInBy::Sso } else { SignedInBy::Password },
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
    }
}

/// The id in the path. A text that can be no id is the id of no session.
pub struct SessionId(String);

impl<S: Send + Sync> FromRequestParts<S> for SessionId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.map_err(|_| AccountRefusal::SessionNotFound)?.0;
        let is_id = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_id { Ok(Self(id)) } else { Err(AccountRefusal::SessionNotFound.into()) }
    }
}
