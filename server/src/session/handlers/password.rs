//! `/api/session/password`.

use axum::extract::State;
use keyward_api::account::ChangePassword;
use keyward_api::session::Session;
use keyward_api::{Data, paths};

use super::confirming::Confirming;
use super::shown;
use crate::audit::Action;
use crate::http::error::Error;
use crate::http::extract::Json;
use crate::session::sign_in::SignInService;

/// Changes the password of the person who is signed in, and ends all other sessions of theirs.
#[utoipa::path(
    put, path = paths::SESSION_PASSWORD, operation_id = "updatePassword", tag = "session", security(("session" = [])),
    responses(
        (status = 200, body = Data<Session>),
        (status = 409, description = "`no_password`: the account signs in with single sign-on."),
        (status = 429)
    )
)]
pub async fn change(
    confirming: Confirming,
    State(service): State<SignInService>,
    Json(body): Json<ChangePassword>,
) -> Result<axum::Json<Data<Session>>, Error> {
    let ChangePassword { current, new } = body;
    confirming.expect_password()?;
    if current.expose() == new.expose() {
        return Err(Error::field("new", "The new password must be another one"));
    }
    let lane = confirming.confirm(&service, Action::UserPassword, "current", current).await?;
    let hash = service.passwords.enter(lane)?.hash(new).await?;
    let user = service.accounts.change_password(confirming.own(), hash).await?;
    let session = &confirming.person.session.row;
    Ok(axum::Json(Data { data: shown(&service, session, user) }))
}
