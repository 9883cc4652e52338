//! `/api/setup` and `/api/session`.

use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use keyward_api::Data;
use keyward_api::data::Deleted;
use keyward_api::session::{Email, Session, Setup, SetupStatus, SignIn};

use super::entity::users;
use super::{Admin, cookie, store};
use crate::error::Error;
use crate::extract::{ClientAddress, Json};
use crate::state::AppState;

type SignedIn = (CookieJar, axum::Json<Data<Session>>);

/// Whether the first administrator is still to be created.
#[utoipa::path(
    get, path = "/api/setup", tag = "session",
    responses((status = 200, body = Data<SetupStatus>))
)]
pub async fn setup_status(
    State(state): State<AppState>,
) -> Result<axum::Json<Data<SetupStatus>>, Error> {
    let open = !store::has_first_admin(&state.db).await?;
    Ok(axum::Json(Data { data: SetupStatus { open } }))
}

/// Creates the first administrator with the token printed at start, and signs them in.
#[utoipa::path(
    post, path = "/api/setup", tag = "session",
    responses((status = 200, body = Data<Session>))
)]
pub async fn setup(
    State(state): State<AppState>,
    jar: CookieJar,
    Json(wanted): Json<Setup>,
) -> Result<SignedIn, Error> {
    if store::has_first_admin(&state.db).await? {
        return Err(Error::SetupClosed);
    }
    if !state.setup.accepts(&wanted.token) {
        return Err(Error::WrongSetupToken);
    }
    let hash = state.passwords.hash(wanted.password).await?;
    let user = store::create_first_admin(&state.db, &wanted.email, hash, state.clock.now()).await?;
    let user = user.ok_or(Error::SetupClosed)?;
    tracing::info!("the first administrator was created");
    sign_in_as(&state, jar, &user).await
}

/// Signs in. Answers the same, in the same time, for an unknown address and a wrong
/// password.
#[utoipa::path(
    post, path = "/api/session", tag = "session",
    responses((status = 200, body = Data<Session>))
)]
pub async fn sign_in(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    jar: CookieJar,
    Json(wanted): Json<SignIn>,
) -> Result<SignedIn, Error> {
    let SignIn { email, password } = wanted;
    // Counted as it would be looked up, so that spelling it in capitals gains nothing.
    let account = email.trim().to_lowercase();
    state.sign_in_limit.attempt(address, &account).map_err(Error::TooManyAttempts)?;
    let user = match Email::try_from(email) {
        Ok(email) => store::find_user(&state.db, &email).await?,
        Err(_) => None,
    };
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let right = state.passwords.verify(password, stored).await?;
    let user = user.filter(|_| right).ok_or(Error::WrongCredentials)?;
    state.sign_in_limit.succeeded(address, &account);
    sign_in_as(&state, jar, &user).await
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Session>))
)]
pub async fn who_am_i(admin: Admin) -> axum::Json<Data<Session>> {
    let Admin { user_id, email, expires_at } = admin;
    axum::Json(Data { data: Session { user_id, email, expires_at } })
}

/// Signs out: the session ends here, not only in the browser.
#[utoipa::path(
    delete, path = "/api/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn sign_out(
    _admin: Admin,
    State(state): State<AppState>,
    jar: CookieJar,
) -> Result<(CookieJar, axum::Json<Data<Deleted>>), Error> {
    if let Some(token) = cookie::token(&jar) {
        store::end_session(&state.db, &cookie::token_hash(token)).await?;
    }
    let jar = cookie::clear(jar, &state.public_url);
    Ok((jar, axum::Json(Data { data: Deleted { deleted: true } })))
}

async fn sign_in_as(
    state: &AppState,
    jar: CookieJar,
    user: &users::Model,
) -> Result<SignedIn, Error> {
    let token = cookie::new_token()?;
    let hash = cookie::token_hash(token.expose());
    let expires_at = store::begin_session(&state.db, user, hash, state.clock.now()).await?;
    let session = Session { user_id: user.id.into(), email: user.email.clone(), expires_at };
    Ok((cookie::set(jar, &token, &state.public_url), axum::Json(Data { data: session })))
}
