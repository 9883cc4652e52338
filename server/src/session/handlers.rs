//! `/api/setup` and `/api/session`.

use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use keyward_api::Data;
use keyward_api::data::Deleted;
use keyward_api::session::{Email, Session, Setup, SetupStatus, SignIn};
use sea_orm::DbErr;

use super::entity::users;
use super::store::Recorder;
use super::{Admin, cookie, store};
use crate::audit::{Action, Actor, Origin};
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
    // Anybody may ask, as often as they like.
    let ask = async || store::has_first_admin(&state.db).await.map_err(|error| error.to_string());
    let has_first_admin = state.setup_status.get(ask).await;
    let open = !has_first_admin.map_err(DbErr::Custom)?;
    Ok(axum::Json(Data { data: SetupStatus { open } }))
}

/// Creates the first administrator with the token printed at start, and signs them in.
#[utoipa::path(
    post, path = "/api/setup", tag = "session",
    responses((status = 200, body = Data<Session>))
)]
pub async fn setup(
    State(state): State<AppState>,
    origin: Origin,
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
    let (now, recorder) = (state.clock.now(), recorder(&state, origin));
    let user = store::create_first_admin(&state.db, &wanted.email, hash, now, &recorder).await?;
    state.setup_status.forget().await;
    let user = user.ok_or(Error::SetupClosed)?;
    tracing::info!("the first administrator was created");
    sign_in_as(&state, jar, &user, &recorder).await
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
    origin: Origin,
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
    if !state.passwords.verify(password, stored).await? {
        // An unknown address may be a password that was typed into the wrong field.
        let target = user.map(|user| user.email);
        let event = Actor::anonymous(origin).was_refused(Action::SessionCreate, target);
        // Told apart by what was typed, known or not, so that both take the same time.
        state.refusals.refuse(&state.audit, &state.db, event, &account).await?;
        return Err(Error::WrongCredentials);
    }
    let user = user.ok_or(Error::WrongCredentials)?;
    state.sign_in_limit.succeeded(address, &account);
    sign_in_as(&state, jar, &user, &recorder(&state, origin)).await
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Session>))
)]
pub async fn who_am_i(admin: Admin) -> axum::Json<Data<Session>> {
    let Admin { user_id, email, expires_at, .. } = admin;
    axum::Json(Data { data: Session { user_id, email, expires_at } })
}

/// Signs out: the session ends here, not only in the browser.
#[utoipa::path(
    delete, path = "/api/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn sign_out(
    admin: Admin,
    State(state): State<AppState>,
    jar: CookieJar,
) -> Result<(CookieJar, axum::Json<Data<Deleted>>), Error> {
    if let Some(token) = cookie::token(&jar) {
        let hash = cookie::token_hash(token);
        store::end_session(&state.db, &hash, &state.audit, &admin.actor).await?;
    }
    let jar = cookie::clear(jar, &state.public_url);
    Ok((jar, axum::Json(Data { data: Deleted { deleted: true } })))
}

fn recorder(state: &AppState, origin: Origin) -> Recorder<'_> {
    Recorder { audit: &state.audit, origin: Some(origin) }
}

async fn sign_in_as(
    state: &AppState,
    jar: CookieJar,
    user: &users::Model,
    recorder: &Recorder<'_>,
) -> Result<SignedIn, Error> {
    let token = cookie::new_token()?;
    let hash = cookie::token_hash(token.expose());
    let expires_at =
        store::begin_session(&state.db, user, hash, state.clock.now(), recorder).await?;
    let session = Session { user_id: user.id.into(), email: user.email.clone(), expires_at };
    Ok((cookie::set(jar, &token, &state.public_url), axum::Json(Data { data: session })))
}
