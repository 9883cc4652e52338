//! `/api/session`; the first account, and what people do with their own, are in the modules.

pub mod confirming;
pub mod password;
pub mod sessions;
pub mod setup;
pub mod totp;

use std::time::Duration;

use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use keyward_api::account::SignedInBy;
use keyward_api::session::{Email, Session, SignIn, SignedOut};
use keyward_api::{Data, Sensitive, paths};

use super::browser::BrowserId;
use super::cookie::{self, SetCookies};
use super::device::Device;
use super::entity::{sessions as rows, users};
use super::error::AccountRefusal;
use super::limit::Attempt;
use super::password::Lane;
use super::second_factor::SecondFactor;
use super::sessions::{ActiveSession, Recorder, SessionStart};
use super::sign_in::SignInService;
use crate::access::SignedIn;
use crate::audit::{Action, Actor, Origin};
use crate::database::{ServiceError, StoreError};
use crate::http::error::Error;
use crate::http::extract::{ClientAddress, Json};

/// What the audit log says of a refusal.
const THROTTLED: &str = "too many failures before";
const WRONG_CODE: &str = "the code is wrong or was used";

/// A session that begins, and its cookies.
pub(crate) type SetSession = (SetCookies<2>, axum::Json<Data<Session>>);

/// Signs in. Answers the same, in the same time, for an unknown address and a wrong
/// password.
#[utoipa::path(
    post, path = paths::SESSION, operation_id = "createSession", tag = "session",
    responses(
        (status = 200, body = Data<Session>),
        (
            status = 401,
            description = "`wrong_credentials`; `totp_required`: the password is right, and a code \
                           is needed as well; `wrong_code`"
        ),
        (status = 403, description = "`local_sign_in_off`, or a write from another site."),
        (status = 429)
    )
)]
pub async fn sign_in(
    State(service): State<SignInService>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    device: Device,
    jar: CookieJar,
    Json(body): Json<SignIn>,
) -> Result<SetSession, Error> {
    service.require_local_sign_in()?;
    // Counted as it would be looked up, so that spelling it in capitals gains nothing.
    let account = body.email.trim().to_lowercase();
    let code = body.code.clone();
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
    let attempt = match &code {
        Some(_) => match service.limit.attempt_code(attempt, &account, browser.as_ref()) {
            Ok(attempt) => attempt,
            Err(wait) => return Err(throttled(&service, origin, Action::SessionCreate, wait).await),
        },
        None => attempt,
    };
    let factor = check_code(&service, attempt, &user, code.as_ref()).await;
    let begun = match factor {
        Ok(factor) => {
            let recorder = recorder(&service, origin.clone());
            begin(&service, &jar, device, &user, factor, &recorder).await
        }
        Err(error) => Err(error),
    };
    match &begun {
        Ok(_) => service.limit.signed_in(address, &account),
        Err(Error::Account(AccountRefusal::WrongCode)) => {
            let event = Actor::anonymous(origin);
            let event = event.was_refused(Action::SessionCreate, Some(user.email));
            service.refusals.record(event.with_detail(WRONG_CODE), WRONG_CODE).await?;
        }
        Err(_) => (),
    }
    begun
}

/// The attempt stays counted when the code is wrong.
async fn check_code(
    service: &SignInService,
    attempt: Attempt<'_>,
    user: &users::Model,
    code: Option<&Sensitive>,
) -> Result<SecondFactor, Error> {
    let checked = service.accounts.check_code(user, code, service.clock.now()).await;
    if !matches!(checked, Err(ServiceError::Refused(AccountRefusal::WrongCode))) {
        attempt.give_back();
    }
    Ok(checked?)
}

/// What came of a password.
enum Checked {
    /// It is that of this user.
    Right(users::Model),
    /// It is not, or there is no user, or the user is disabled.
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
    // An account without a password is checked as nobody's.
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let stored = stored.filter(|hash| !hash.is_empty());
    let is_right = ticket.verify(body.password, stored).await?;
    Ok(match user {
        Some(user) if is_right && !user.is_disabled => Checked::Right(user),
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
    let ActiveSession { row, user } = person.session;
    axum::Json(Data { data: shown(&service, &row, user) })
}

/// Signs out: the session ends here, not only in the browser.
#[utoipa::path(
    delete, path = paths::SESSION, operation_id = "deleteSession", tag = "session", security(("session" = [])),
    responses((status = 200, body = Data<SignedOut>))
)]
pub async fn sign_out(
    person: SignedIn,
    State(service): State<SignInService>,
    jar: CookieJar,
) -> Result<(SetCookies<1>, axum::Json<Data<SignedOut>>), Error> {
    if let Some(token) = service.cookies.session(&jar) {
        let hash = cookie::token_hash(token);
        service.people.end_session(&hash, &service.audit, &person.actor).await?;
    }
    let is_sso = person.session.row.signed_in_by.as_deref() == Some(SignedInBy::Sso.as_str());
    let sign_out_url = match service.sso.as_ref().filter(|_| is_sso) {
        Some(provider) => provider.sign_out_url().await,
        None => None,
    };
    let data = SignedOut { deleted: true, sign_out_url };
    Ok((service.cookies.sign_out(), axum::Json(Data { data })))
}

pub(crate) fn recorder(service: &SignInService, origin: Origin) -> Recorder<'_> {
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
pub(crate) async fn throttled(
    service: &SignInService,
    origin: Origin,
    action: Action,
    wait: Duration,
) -> Error {
    throttled_actor(service, &Actor::anonymous(origin), action, wait).await
}

async fn throttled_actor(
    service: &SignInService,
    actor: &Actor,
    action: Action,
    wait: Duration,
) -> Error {
    let event = actor.was_refused(action, None).with_detail(THROTTLED);
    match service.refusals.record(event, THROTTLED).await {
        Ok(()) => Error::TooManyAttempts(wait),
        Err(error) => error.into(),
    }
}

pub(crate) async fn sign_in_as(
    service: &SignInService,
    jar: &CookieJar,
    device: Device,
    user: &users::Model,
    recorder: &Recorder<'_>,
) -> Result<SetSession, Error> {
    begin(service, jar, device, user, SecondFactor::None, recorder).await
}

async fn begin(
    service: &SignInService,
    jar: &CookieJar,
    device: Device,
    user: &users::Model,
    factor: SecondFactor,
    recorder: &Recorder<'_>,
) -> Result<SetSession, Error> {
    let (token, now) = (cookie::new_token()?, service.clock.now());
    let known = known_browser(service, jar, &user.email);
    let browser = service.browsers.remember(known, &user.email, now)?;
    let start = SessionStart {
        token_hash: cookie::token_hash(token.expose()),
        device: device.0,
        signed_in_by: SignedInBy::Password,
    };
    let uses_code = !matches!(factor, SecondFactor::None);
    let change = |user: &mut users::Model| factor.apply(user);
    let begun = match service.people.begin_session(user, change, start, now, recorder).await {
        // Used meanwhile, by another sign-in.
        Err(StoreError::Revoked) if uses_code => return Err(AccountRefusal::WrongCode.into()),
        begun => begun?,
    };
    let data = shown(service, &begun.row, begun.user);
    Ok((service.cookies.sign_in(&token, &browser), axum::Json(Data { data })))
}

/// A session as its person sees it.
fn shown(service: &SignInService, session: &rows::Model, user: users::Model) -> Session {
    let is_sso = session.signed_in_by.as_deref() == Some(SignedInBy::Sso.as_str());
    Session {
        user_id: user.id.into(),
        role: user.role(),
        signed_in_by: if is_sso { SignedInBy::Sso } else { SignedInBy::Password },
        has_password: !user.password_hash.is_empty(),
        two_factor: user.totp_id.is_some(),
        recovery_codes_left: user.recovery_codes_left(),
        sso: user.sso_subject.is_some(),
        email: user.email,
        expires_at: session.expires_at,
        public_url: public_url(service),
    }
}
