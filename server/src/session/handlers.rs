//! `/api/setup` and `/api/session`.

use std::time::Duration;

use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use keyward_api::data::Deleted;
use keyward_api::session::{Email, Session, Setup, SetupStatus, SignIn};
use keyward_api::{Data, paths};

use super::browser::BrowserId;
use super::cookie::{self, SetCookies};
use super::entity::users;
use super::password::Lane;
use super::store::{self, Recorder};
use super::{Admin, setup};
use crate::audit::{Action, Actor, Origin};
use crate::database::StoreError;
use crate::http::error::Error;
use crate::http::extract::{ClientAddress, Json};
use crate::state::AppState;

/// What the audit log says of a refusal.
const WRONG_TOKEN: &str = "the setup token is wrong";
const THROTTLED: &str = "too many failures before";

type SignedIn = (SetCookies<2>, axum::Json<Data<Session>>);

/// Whether the first administrator is to be created: exactly while there is no user.
#[utoipa::path(
    get, path = paths::SETUP, operation_id = "getSetup", tag = "session",
    responses((status = 200, body = Data<SetupStatus>))
)]
pub async fn setup_status(
    State(state): State<AppState>,
) -> Result<axum::Json<Data<SetupStatus>>, Error> {
    let open = !setup_is_closed(&state).await?;
    Ok(axum::Json(Data { data: SetupStatus { open } }))
}

/// Whether there is a user. Anybody may ask, as often as they like, at the cost of a few
/// queries a second.
async fn setup_is_closed(state: &AppState) -> Result<bool, StoreError> {
    let ask = async || store::has_user(&state.db).await.map_err(StoreError::from);
    state.setup_status.get(ask).await
}

/// Creates the first administrator with a token that a server printed, and signs them in.
#[utoipa::path(
    post, path = paths::SETUP, operation_id = "completeSetup", tag = "session",
    responses(
        (status = 200, body = Data<Session>),
        (status = 401, description = "`wrong_setup_token`"),
        (status = 409, description = "`setup_closed`: there is a user."), (status = 429)
    )
)]
pub async fn setup(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    jar: CookieJar,
    Json(wanted): Json<Setup>,
) -> Result<SignedIn, Error> {
    let Setup { token, email, password } = wanted;
    // An answer from before it was closed is no harm: then the token is gone.
    if setup_is_closed(&state).await? {
        return Err(Error::SetupClosed);
    }
    let attempt = match state.sign_in_limit.attempt_setup(address) {
        Ok(attempt) => attempt,
        Err(wait) => return Err(throttled(&state, origin, Action::UserCreate, wait).await),
    };
    match setup::accepts(&state.db, &state.rows, &token).await {
        Ok(false) => {
            // Another one may have won since setup was found open, which deletes all tokens.
            if store::has_user(&state.db).await? {
                attempt.give_back();
                return Err(Error::SetupClosed);
            }
            let event = Actor::anonymous(origin).was_refused(Action::UserCreate, None);
            let event = event.with_detail(WRONG_TOKEN);
            state.refusals.refuse(&state.audit, &state.db, event, WRONG_TOKEN).await?;
            return Err(Error::WrongSetupToken);
        }
        other => {
            attempt.give_back();
            other?
        }
    };
    let hash = state.passwords.enter(Lane::Known)?.hash(password).await?;
    let (now, recorder) = (state.clock.now(), recorder(&state, origin));
    let user = setup::create_first_admin(&state.people, &email, hash, now, &recorder).await?;
    state.setup_status.forget().await;
    let user = user.ok_or(Error::SetupClosed)?;
    tracing::info!("the first administrator was created");
    state.sign_in_limit.signed_in(address, &user.email);
    sign_in_as(&state, &jar, &user, &recorder).await
}

/// Signs in. Answers the same, in the same time, for an unknown address and a wrong
/// password.
#[utoipa::path(
    post, path = paths::SESSION, operation_id = "createSession", tag = "session",
    responses(
        (status = 200, body = Data<Session>),
        (status = 401, description = "`wrong_credentials`"), (status = 429)
    )
)]
pub async fn sign_in(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    jar: CookieJar,
    Json(wanted): Json<SignIn>,
) -> Result<SignedIn, Error> {
    // Counted as it would be looked up, so that spelling it in capitals gains nothing.
    let account = wanted.email.trim().to_lowercase();
    let browser = known_browser(&state, &jar, &account);
    let attempt = match state.sign_in_limit.attempt(address, &account, browser.as_ref()) {
        Ok(attempt) => attempt,
        Err(wait) => return Err(throttled(&state, origin, Action::SessionCreate, wait).await),
    };
    let user = match judge(&state, attempt.lane, wanted).await {
        Ok(Judged::Right(user)) => user,
        // The attempt stays counted.
        Ok(Judged::Wrong(user)) => {
            // An unknown address may be a password that was typed into the wrong field.
            let target = user.map(|user| user.email);
            // Told apart by what was typed, known or not, so that both take the same time.
            let event = Actor::anonymous(origin).was_refused(Action::SessionCreate, target);
            state.refusals.refuse(&state.audit, &state.db, event, &account).await?;
            return Err(Error::WrongCredentials);
        }
        Err(error) => {
            attempt.give_back();
            return Err(error);
        }
    };
    attempt.give_back();
    state.sign_in_limit.signed_in(address, &account);
    sign_in_as(&state, &jar, &user, &recorder(&state, origin)).await
}

/// What came of a password.
enum Judged {
    /// It is that of this user.
    Right(users::Model),
    /// It is not, or there is no user.
    Wrong(Option<users::Model>),
}

/// The place is taken first: when there is none, that costs no query.
async fn judge(state: &AppState, lane: Lane, wanted: SignIn) -> Result<Judged, Error> {
    let place = state.passwords.enter(lane)?;
    let user = match Email::try_from(wanted.email) {
        Ok(email) => state.people.find_user(&email).await?,
        Err(_) => None,
    };
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = place.verify(wanted.password, stored).await?;
    Ok(match user {
        Some(user) if is_right => Judged::Right(user),
        user => Judged::Wrong(user),
    })
}

/// Who is signed in.
#[utoipa::path(
    get, path = paths::SESSION, operation_id = "getSession", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Session>))
)]
pub async fn who_am_i(admin: Admin, State(state): State<AppState>) -> axum::Json<Data<Session>> {
    let Admin { user_id, email, expires_at, .. } = admin;
    let public_url = public_url(&state);
    axum::Json(Data { data: Session { user_id, email, expires_at, public_url } })
}

/// Signs out: the session ends here, not only in the browser.
#[utoipa::path(
    delete, path = paths::SESSION, operation_id = "deleteSession", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn sign_out(
    admin: Admin,
    State(state): State<AppState>,
    jar: CookieJar,
) -> Result<(SetCookies<1>, axum::Json<Data<Deleted>>), Error> {
    if let Some(token) = state.cookies.session(&jar) {
        let hash = cookie::token_hash(token);
        state.people.end_session(&hash, &state.audit, &admin.actor).await?;
    }
    Ok((state.cookies.sign_out(), axum::Json(Data { data: Deleted { deleted: true } })))
}

fn recorder(state: &AppState, origin: Origin) -> Recorder<'_> {
    Recorder { audit: &state.audit, origin: Some(origin) }
}

/// As the page compares it with its own: without a slash at the end.
fn public_url(state: &AppState) -> String {
    state.public_url.origin().ascii_serialization()
}

fn known_browser(state: &AppState, jar: &CookieJar, account: &str) -> Option<BrowserId> {
    state.browsers.recognise(state.cookies.browser(jar), account, state.clock.now())
}

/// The refusal of an attempt that is one too many, once it is recorded.
async fn throttled(state: &AppState, origin: Origin, action: Action, wait: Duration) -> Error {
    let event = Actor::anonymous(origin).was_refused(action, None).with_detail(THROTTLED);
    match state.refusals.refuse(&state.audit, &state.db, event, THROTTLED).await {
        Ok(()) => Error::TooManyAttempts(wait),
        Err(error) => error.into(),
    }
}

async fn sign_in_as(
    state: &AppState,
    jar: &CookieJar,
    user: &users::Model,
    recorder: &Recorder<'_>,
) -> Result<SignedIn, Error> {
    let (token, now) = (cookie::new_token()?, state.clock.now());
    let known = known_browser(state, jar, &user.email);
    let browser = state.browsers.remember(known, &user.email, now)?;
    let hash = cookie::token_hash(token.expose());
    let expires_at = state.people.begin_session(user, hash, now, recorder).await?;
    let (user_id, email) = (user.id.into(), user.email.clone());
    let session = Session { user_id, email, expires_at, public_url: public_url(state) };
    Ok((state.cookies.sign_in(&token, &browser), axum::Json(Data { data: session })))
}
