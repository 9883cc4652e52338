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
use super::sessions::Recorder;
use super::sign_in::SignInService;
use super::{setup, store};
use crate::access::SignedIn;
use crate::audit::{Action, Actor, Origin};
use crate::database::StoreError;
use crate::http::error::Error;
use crate::http::extract::{ClientAddress, Json};

/// What the audit log says of a refusal.
const WRONG_TOKEN: &str = "the setup token is wrong";
const THROTTLED: &str = "too many failures before";

type SetSession = (SetCookies<2>, axum::Json<Data<Session>>);

/// Whether the first administrator is to be created: exactly while there is no user.
#[utoipa::path(
    get, path = paths::SETUP, operation_id = "getSetup", tag = "session",
    responses((status = 200, body = Data<SetupStatus>))
)]
pub async fn setup_status(
    State(service): State<SignInService>,
) -> Result<axum::Json<Data<SetupStatus>>, Error> {
    let open = !setup_is_closed(&service).await?;
    Ok(axum::Json(Data { data: SetupStatus { open } }))
}

/// Whether there is a user. Anybody may ask, as often as they like, at the cost of a few
/// queries a second.
async fn setup_is_closed(service: &SignInService) -> Result<bool, StoreError> {
    let ask = async || store::has_user(&service.db).await.map_err(StoreError::from);
    service.setup_status.get(ask).await
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
    State(service): State<SignInService>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    jar: CookieJar,
    Json(body): Json<Setup>,
) -> Result<SetSession, Error> {
    let Setup { token, email, password } = body;
    // An answer from before it was closed is no harm: then the token is gone.
    if setup_is_closed(&service).await? {
        return Err(Error::SetupClosed);
    }
    let attempt = match service.limit.attempt_setup(address) {
        Ok(attempt) => attempt,
        Err(wait) => return Err(throttled(&service, origin, Action::UserCreate, wait).await),
    };
    match setup::accepts(&service.db, &service.rows, &token).await {
        Ok(false) => {
            // Another one may have won since setup was found open, which deletes all tokens.
            if store::has_user(&service.db).await? {
                attempt.give_back();
                return Err(Error::SetupClosed);
            }
            let event = Actor::anonymous(origin).was_refused(Action::UserCreate, None);
            let event = event.with_detail(WRONG_TOKEN);
            service.refusals.record(event, WRONG_TOKEN).await?;
            return Err(Error::WrongSetupToken);
        }
        other => {
            attempt.give_back();
            other?
        }
    };
    let hash = service.passwords.enter(Lane::Known)?.hash(password).await?;
    let (now, recorder) = (service.clock.now(), recorder(&service, origin));
    let user = setup::create_first_admin(&service.people, &email, hash, now, &recorder).await?;
    service.setup_status.forget().await;
    let user = user.ok_or(Error::SetupClosed)?;
    tracing::info!("the first administrator was created");
    service.limit.signed_in(address, &user.email);
    sign_in_as(&service, &jar, &user, &recorder).await
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
    State(service): State<SignInService>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    jar: CookieJar,
    Json(body): Json<SignIn>,
) -> Result<SetSession, Error> {
    // Counted as it would be looked up, so that spelling it in capitals gains nothing.
    let account = body.email.trim().to_lowercase();
    let browser = known_browser(&service, &jar, &account);
    let attempt = match service.limit.attempt(address, &account, browser.as_ref()) {
        Ok(attempt) => attempt,
        Err(wait) => return Err(throttled(&service, origin, Action::SessionCreate, wait).await),
    };
    let user = match check_password(&service, attempt.lane, body).await {
        Ok(Checked::Right(user)) => user,
        // The attempt stays counted.
        Ok(Checked::Wrong(user)) => {
            // An unknown address may be a password that was typed into the wrong field.
            let target = user.map(|user| user.email);
            // By what was typed, known or not, so that both take the same time.
            let event = Actor::anonymous(origin).was_refused(Action::SessionCreate, target);
            service.refusals.record(event, &account).await?;
            return Err(Error::WrongCredentials);
        }
        Err(error) => {
            attempt.give_back();
            return Err(error);
        }
    };
    attempt.give_back();
    service.limit.signed_in(address, &account);
    sign_in_as(&service, &jar, &user, &recorder(&service, origin)).await
}

/// What came of a password.
enum Checked {
    /// It is that of this user.
    Right(users::Model),
    /// It is not, or there is no user.
    Wrong(Option<users::Model>),
}

/// The ticket is taken first: when there is none, that costs no query.
async fn check_password(
    service: &SignInService,
    lane: Lane,
    body: SignIn,
) -> Result<Checked, Error> {
    let ticket = service.passwords.enter(lane)?;
    let user = match Email::try_from(body.email) {
        Ok(email) => service.people.find_user(&email).await?,
        Err(_) => None,
    };
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = ticket.verify(body.password, stored).await?;
    Ok(match user {
        Some(user) if is_right => Checked::Right(user),
        user => Checked::Wrong(user),
    })
}

/// Who is signed in.
#[utoipa::path(
    get, path = paths::SESSION, operation_id = "getSession", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Session>))
)]
pub async fn who_am_i(
    person: SignedIn,
    State(service): State<SignInService>,
) -> axum::Json<Data<Session>> {
    let SignedIn { user_id, email, expires_at, .. } = person;
    let public_url = public_url(&service);
    axum::Json(Data { data: Session { user_id, email, expires_at, public_url } })
}

/// Signs out: the session ends here, not only in the browser.
#[utoipa::path(
    delete, path = paths::SESSION, operation_id = "deleteSession", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<Deleted>))
)]
pub async fn sign_out(
    person: SignedIn,
    State(service): State<SignInService>,
    jar: CookieJar,
) -> Result<(SetCookies<1>, axum::Json<Data<Deleted>>), Error> {
    if let Some(token) = service.cookies.session(&jar) {
        let hash = cookie::token_hash(token);
        service.people.end_session(&hash, &service.audit, &person.actor).await?;
    }
    Ok((service.cookies.sign_out(), axum::Json(Data { data: Deleted { deleted: true } })))
}

fn recorder(service: &SignInService, origin: Origin) -> Recorder<'_> {
    Recorder { audit: &service.audit, origin: Some(origin) }
}

/// As the page compares it with its own: without a slash at the end.
fn public_url(service: &SignInService) -> String {
    service.public_url.origin().ascii_serialization()
}

fn known_browser(service: &SignInService, jar: &CookieJar, account: &str) -> Option<BrowserId> {
    service.browsers.recognise(service.cookies.browser(jar), account, service.clock.now())
}

/// The refusal of an attempt that is one too many, once it is recorded.
async fn throttled(
    service: &SignInService,
    origin: Origin,
    action: Action,
    wait: Duration,
) -> Error {
    let event = Actor::anonymous(origin).was_refused(action, None).with_detail(THROTTLED);
    match service.refusals.record(event, THROTTLED).await {
        Ok(()) => Error::TooManyAttempts(wait),
        Err(error) => error.into(),
    }
}

async fn sign_in_as(
    service: &SignInService,
    jar: &CookieJar,
    user: &users::Model,
    recorder: &Recorder<'_>,
) -> Result<SetSession, Error> {
    let (token, now) = (cookie::new_token()?, service.clock.now());
    let known = known_browser(service, jar, &user.email);
    let browser = service.browsers.remember(known, &user.email, now)?;
    let hash = cookie::token_hash(token.expose());
    let expires_at = service.people.begin_session(user, hash, now, recorder).await?;
    let (user_id, email) = (user.id.into(), user.email.clone());
    let session = Session { user_id, email, expires_at, public_url: public_url(service) };
    Ok((service.cookies.sign_in(&token, &browser), axum::Json(Data { data: session })))
}
