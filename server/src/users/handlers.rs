//! `/api/users` for administrators, and `/api/invitation` for those who have a link.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Path, State};
use axum_extra::extract::cookie::CookieJar;
use http::request::Parts;
use keyward_api::data::Deleted;
use keyward_api::queries::ListQuery;
use keyward_api::session::Session;
use keyward_api::users::{
    AcceptInvitation, CheckInvitation, CheckedInvitation, CreatedInvitation, Invitation, Invite,
    UpdateUser, User,
};
use keyward_api::{Changed, Data, Page, Sensitive, paths};
use sea_orm::prelude::TextUuid;
use uuid::Uuid;

use super::accounts::Users;
use super::error::UserRefusal;
use super::invitations::link;
use super::permissions::ManageUsers;
use crate::access::Allowed;
use crate::audit::{Action, Actor, Origin};
use crate::http::error::Error;
use crate::http::extract::{ClientAddress, Json, Query};
use crate::http::paging;
use crate::replicas::Membership;
use crate::session::device::Device;
use crate::session::handlers::{SetSession, recorder, sign_in_as, throttled};
use crate::session::password::Lane;
use crate::session::sign_in::SignInService;

/// What the audit log says of a refusal.
const WRONG_TOKEN: &str = "the invitation is wrong, used or expired";

/// People by their address.
#[utoipa::path(
    get, path = paths::USERS, operation_id = "listUsers", tag = "users", security(("session" = [])),
    params(ListQuery), responses((status = 200, body = Page<User>), (status = 403))
)]
pub async fn list(
    _allowed: Allowed<ManageUsers>,
    State(users): State<Users>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<User>>, Error> {
    let names = paging::names(&query)?;
    let (mut data, total) = users.list(&names).await?;
    let next_cursor = paging::next(&mut data, names.limit, |user| user.email.clone())?;
    Ok(axum::Json(Page { data, next_cursor, total: Some(total) }))
}

/// Changes the role of a person, keeps the person out (`disabled`), or lets them in again. Who may
/// do less than before loses all sessions and the invitations they made.
#[utoipa::path(
    patch, path = paths::USER, operation_id = "updateUser", tag = "users", security(("session" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = Changed<User>),
        (status = 409, description = "`last_admin`: nobody else is an administrator. \
            `user_altered`: the stored row does not hold.")
    )
)]
pub async fn update(
    allowed: Allowed<ManageUsers>,
    State(users): State<Users>,
    State(servers): State<Membership>,
    UserId(id): UserId,
    Json(body): Json<UpdateUser>,
) -> Result<axum::Json<Changed<User>>, Error> {
    let (data, generation) = users.update(allowed.actor(), id, body).await?;
    let effective = generation.map(|generation| servers.at_once(generation));
    Ok(axum::Json(Changed { data, effective }))
}

/// Deletes an account with its sessions. What the person made stays.
#[utoipa::path(
    delete, path = paths::USER, operation_id = "deleteUser", tag = "users", security(("session" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = Changed<Deleted>),
        (status = 409, description = "`last_admin`: nobody else is an administrator.")
    )
)]
pub async fn delete(
    allowed: Allowed<ManageUsers>,
    State(users): State<Users>,
    State(servers): State<Membership>,
    UserId(id): UserId,
) -> Result<axum::Json<Changed<Deleted>>, Error> {
    let generation = users.delete(allowed.actor(), id).await?;
    let effective = Some(servers.at_once(generation));
    Ok(axum::Json(Changed { data: Deleted { deleted: true }, effective }))
}

/// Invitations that nobody has accepted and that have not expired, by their address.
#[utoipa::path(
    get, path = paths::INVITATIONS, operation_id = "listInvitations", tag = "users",
    security(("session" = [])), params(ListQuery), responses((status = 200, body = Page<Invitation>), (status = 403))
)]
pub async fn list_invitations(
    _allowed: Allowed<ManageUsers>,
    State(users): State<Users>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<Invitation>>, Error> {
    let names = paging::names(&query)?;
    let (mut data, total) = users.pending(&names).await?;
    let next_cursor = paging::next(&mut data, names.limit, |found| found.email.clone())?;
    Ok(axum::Json(Page { data, next_cursor, total: Some(total) }))
}

/// Invites somebody. The answer is the only place where the link is ever shown; it is good for 72
/// hours and replaces an earlier one for the same address.
#[utoipa::path(
    post, path = paths::INVITATIONS, operation_id = "createInvitation", tag = "users",
    security(("session" = [])),
    responses(
        (status = 200, body = Data<CreatedInvitation>),
        (status = 409, description = "`user_exists`: the address has an account. \
            `user_exists_alike`: it looks like another one.")
    )
)]
pub async fn invite(
    allowed: Allowed<ManageUsers>,
    State(users): State<Users>,
    State(service): State<SignInService>,
    Json(body): Json<Invite>,
) -> Result<axum::Json<Data<CreatedInvitation>>, Error> {
    let (invitation, token) = users.invite(allowed.actor(), body).await?;
    let link = link(&service.public_url, &token);
    Ok(axum::Json(Data { data: CreatedInvitation { invitation, link } }))
}

/// Takes an invitation back.
#[utoipa::path(
    delete, path = paths::INVITATION_BY_ID, operation_id = "deleteInvitation", tag = "users",
    security(("session" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn take_back(
    allowed: Allowed<ManageUsers>,
    State(users): State<Users>,
    InvitationId(id): InvitationId,
) -> Result<axum::Json<Data<Deleted>>, Error> {
    users.take_back(allowed.actor(), id).await?;
    Ok(axum::Json(Data { data: Deleted { deleted: true } }))
}

/// What an invitation is for. It stays as it is.
#[utoipa::path(
    post, path = paths::INVITATION_CHECK, operation_id = "checkInvitation", tag = "session",
    responses(
        (status = 200, body = Data<CheckedInvitation>),
        (status = 401, description = "`wrong_invitation`"), (status = 429)
    )
)]
pub async fn check(
    State(users): State<Users>,
    State(service): State<SignInService>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    Json(CheckInvitation { token }): Json<CheckInvitation>,
) -> Result<axum::Json<Data<CheckedInvitation>>, Error> {
    let found = present(&users, &service, address, origin, &token).await?;
    let Invitation { email, role, expires_at, .. } = found;
    Ok(axum::Json(Data { data: CheckedInvitation { email, role, expires_at } }))
}

/// Makes the account that an invitation is for, and signs in.
#[utoipa::path(
    post, path = paths::INVITATION, operation_id = "acceptInvitation", tag = "session",
    responses(
        (status = 200, body = Data<Session>),
        (status = 401, description = "`wrong_invitation`"), (status = 429)
    )
)]
pub async fn accept(
    State(users): State<Users>,
    State(service): State<SignInService>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    device: Device,
    jar: CookieJar,
    Json(AcceptInvitation { token, password }): Json<AcceptInvitation>,
) -> Result<SetSession, Error> {
    service.require_local_sign_in()?;
    present(&users, &service, address, origin.clone(), &token).await?;
    let hash = service.passwords.enter(Lane::Known)?.hash(password).await?;
    let Some(user) = users.accept(&token, hash, origin.clone()).await? else {
        // Another one was faster, or it was taken back while the password was hashed.
        return Err(wrong(&service, origin).await?);
    };
    service.limit.signed_in(address, &user.email);
    sign_in_as(&service, &jar, device, &user, &recorder(&service, origin)).await
}

/// The invitation with this token. Wrong ones are counted and recorded like wrong setup tokens.
async fn present(
    users: &Users,
    service: &SignInService,
    address: Option<IpAddr>,
    origin: Origin,
    token: &Sensitive,
) -> Result<Invitation, Error> {
    let attempt = match service.limit.attempt_setup(address) {
        Ok(attempt) => attempt,
        Err(wait) => return Err(throttled(service, origin, Action::UserCreate, wait).await),
    };
    match users.invitation(token).await {
        // The attempt stays counted.
        Ok(None) => Err(wrong(service, origin).await?),
        other => {
            attempt.give_back();
            other?.ok_or(Error::WrongInvitation)
        }
    }
}

/// The refusal of an invitation, once it is recorded.
async fn wrong(service: &SignInService, origin: Origin) -> Result<Error, Error> {
    let event = Actor::anonymous(origin).was_refused(Action::UserCreate, None);
    service.refusals.record(event.with_detail(WRONG_TOKEN), WRONG_TOKEN).await?;
    Ok(Error::WrongInvitation)
}

/// The id of an account in the path. A text that can be no id is the id of nobody.
pub struct UserId(TextUuid);

impl<S: Send + Sync> FromRequestParts<S> for UserId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<Uuid>::from_request_parts(parts, state).await;
        Ok(Self(path.map_err(|_| UserRefusal::NotFound)?.0.into()))
    }
}

/// The id of an invitation in the path.
pub struct InvitationId(TextUuid);

impl<S: Send + Sync> FromRequestParts<S> for InvitationId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<Uuid>::from_request_parts(parts, state).await;
        Ok(Self(path.map_err(|_| UserRefusal::NoInvitation)?.0.into()))
    }
}
