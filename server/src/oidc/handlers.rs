//! `/api/oidc/start` and `/api/oidc/callback`.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use http::StatusCode;
use http::header::LOCATION;
use keyward_api::account::{SignedInBy, SsoStarted, StartSso};
use keyward_api::{Data, Sensitive, paths};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::accounts::{Entered, SignOn};
use super::exchange::is_plain_code;
use super::flow::{Flow, Purpose, ReturnTo};
use super::provider::Provider;
use super::refusal::{Code, SsoRefusal};
use crate::access::SignedIn;
use crate::access::authority::Authority;
use crate::audit::{Action, Actor, Origin};
use crate::database::StoreError;
use crate::http::error::Error;
use crate::http::extract::Json;
use crate::session::cookie::{self, SetCookies};
use crate::session::device::Device;
use crate::session::handlers::confirming::Confirming;
use crate::session::sessions::SessionStart;
use crate::session::sign_in::SignInService;

/// Longest query of a callback, in bytes: Microsoft's codes are some 1 500.
const MAX_QUERY: usize = 8 * 1024;

/// Begins single sign-on: answers where the browser goes, and sets the cookie that the callback
/// asks for. With a setup token, an invitation or `connect` (which needs a session), it is for that.
#[utoipa::path(
    post, path = paths::OIDC_START, operation_id = "startSso", tag = "session",
    responses(
        (status = 200, body = Data<SsoStarted>),
        (status = 401, description = "`connect` without a session."),
        (status = 404, description = "`sso_off`: no identity provider is configured."),
        (status = 429),
        (status = 503, description = "`sso_unavailable`: the identity provider does not answer.")
    )
)]
pub async fn start(
    State(service): State<SignInService>,
    person: Result<Confirming, Error>,
    Json(body): Json<StartSso>,
) -> Result<(SetCookies<1>, axum::Json<Data<SsoStarted>>), Error> {
    let provider = service.sso.as_ref().ok_or(Error::SsoOff)?;
    let return_to = body.return_to.map_or(Ok(ReturnTo::home()), ReturnTo::try_from);
    let return_to = return_to.map_err(|error| Error::field("returnTo", error))?;
    let purpose = match (body.setup_token, body.invitation, body.connect) {
        (None, None, false) => Purpose::SignIn,
        (Some(token), None, false) => Purpose::Setup(cookie::token_hash(token.expose())),
        (None, Some(token), false) => Purpose::Invitation(cookie::token_hash(token.expose())),
        (None, None, true) => connecting(&service, &person?, body.password).await?,
        _ => {
            let message = "Setup token, invitation and connect exclude each other";
            return Err(Error::field("connect", message));
        }
    };
    let [state, nonce, verifier] =
        [cookie::new_token()?, cookie::new_token()?, cookie::new_token()?];
    let began_at = service.clock.now().unix_timestamp();
    let flow = Flow { state, nonce, verifier, purpose, return_to, began_at };
    let url = provider.authorization_url(&flow).await.map_err(|refusal| {
        tracing::warn!(%refusal, "single sign-on did not begin");
        Error::SsoUnavailable
    })?;
    let sealed = service.flows.seal(&flow)?;
    let data = SsoStarted { url: url.into() };
    Ok((service.cookies.begin_sso(&sealed), axum::Json(Data { data })))
}

/// A session alone does not give somebody else a way in that lasts.
async fn connecting(
    service: &SignInService,
    confirming: &Confirming,
    password: Option<Sensitive>,
) -> Result<Purpose, Error> {
    let SignedIn { session, actor, .. } = &confirming.person;
    if !session.user.password_hash.is_empty() {
        let required = || Error::field("password", "Password is required");
        let password = password.ok_or_else(required)?;
        confirming.confirm(service, Action::UserLink, "password", password).await?;
    }
    match &actor.authority {
        Some(Authority::Session(hash)) => {
            Ok(Purpose::Connect { user: session.user.id.into(), session: hash.clone() })
        }
        _ => Err(Error::Unauthenticated),
    }
}

/// Where the identity provider sends the browser: signs in and goes on to the page, or goes to
/// `/login?sso=CODE` (`/account?sso=CODE` when an account was to be connected). The codes are in
/// `docs/single-sign-on.md`. What else the provider puts into the query is ignored.
#[utoipa::path(
    get, path = paths::OIDC_CALLBACK, operation_id = "completeSso", tag = "session",
    params(
        ("code" = Option<String>, Query, nullable = false, max_length = 4096, description = "What the provider gives out for who signed in."),
        ("state" = Option<String>, Query, nullable = false, max_length = 512, description = "What the start sent."),
        ("iss" = Option<String>, Query, nullable = false, max_length = 255, description = "The issuer (RFC 9207)."),
        ("error" = Option<String>, Query, nullable = false, max_length = 64, description = "Why the provider refuses.")
    ),
    responses(
        (status = 303, description = "To the page, signed in or with the code of the refusal."),
        (status = 404, description = "`sso_off`: no identity provider is configured.")
    )
)]
pub async fn callback(
    State(service): State<SignInService>,
    origin: Origin,
    device: Device,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let provider = service.sso.as_ref().ok_or(Error::SsoOff)?;
    let flow = service.cookies.sso(&jar).and_then(|cookie| service.flows.open(cookie));
    let answer = match (ProviderAnswer::read(query.as_deref().unwrap_or_default()), flow) {
        (Some(answer), Some(flow)) if answer.belongs_to(&flow) => (answer, flow),
        // Of another browser, or a sign-in before the one that this browser began last: that
        // one may still be completed, so its cookie stays.
        _ => return Ok(refused(&service, origin, Purpose::SignIn, Code::State.into()).await),
    };
    let (answer, flow) = answer;
    let done = complete(&service, provider, &jar, &origin, device, answer, &flow).await;
    let response = match done {
        Ok(response) => response,
        Err(refusal) => refused(&service, origin, flow.purpose, refusal).await,
    };
    Ok((service.cookies.end_sso(), response).into_response())
}

/// What the provider put into the query.
struct ProviderAnswer {
    state: String,
    code: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
}

impl ProviderAnswer {
    /// None of it twice: one reader could take the first, and another one the last.
    fn read(query: &str) -> Option<Self> {
        if query.len() > MAX_QUERY {
            return None;
        }
        let [mut state, mut code, mut issuer, mut error] = [const { None::<String> }; 4];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut state,
                "code" => &mut code,
                "iss" => &mut issuer,
                "error" => &mut error,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self { state: state?, code, issuer, error })
    }

    fn belongs_to(&self, flow: &Flow) -> bool {
        self.state.as_bytes().ct_eq(flow.state.expose().as_bytes()).into()
    }
}

async fn complete(
    service: &SignInService,
    provider: &Provider,
    jar: &CookieJar,
    origin: &Origin,
    device: Device,
    answer: ProviderAnswer,
    flow: &Flow,
) -> Result<Response, SsoRefusal> {
    let now = service.clock.now();
    if flow.is_over(now) {
        return Err(Code::Expired.into());
    }
    let code = match (answer.error, answer.code) {
        (None, Some(code)) => code,
        (Some(error), _) if error == "access_denied" => return Err(Code::Cancelled.into()),
        (Some(error), _) if is_plain_code(&error) => {
            return Err(SsoRefusal::provider(format!("the provider refuses: {error}")));
        }
        _ => return Err(SsoRefusal::provider("the provider refuses")),
    };
    let identity = provider.identify(&code, answer.issuer.as_deref(), flow, now).await?;
    let token = cookie::new_token().map_err(StoreError::from)?;
    let start = SessionStart {
        token_hash: cookie::token_hash(token.expose()),
        device: device.0,
        signed_in_by: SignedInBy::Sso,
    };
    let sign_on = SignOn {
        people: &service.people,
        audit: &service.audit,
        identity: &identity,
        purpose: &flow.purpose,
        provisions: provider.config().provisions,
        origin: origin.clone(),
        now,
    };
    let to_page = see_other(flow.return_to.as_str());
    match sign_on.enter(start).await? {
        Entered::Connected => Ok(to_page),
        Entered::Session { session, is_first } => {
            if is_first {
                service.setup_status.forget().await;
                tracing::info!("the first administrator was created by single sign-on");
            }
            let email = &session.user.email;
            let known = service.browsers.recognise(service.cookies.browser(jar), email, now);
            let browser = service.browsers.remember(known, email, now).map_err(StoreError::from)?;
            Ok((service.cookies.sign_in(&token, &browser), to_page).into_response())
        }
    }
}

/// The way back to the page, once the refusal is in both logs.
async fn refused(
    service: &SignInService,
    origin: Origin,
    purpose: Purpose,
    refusal: SsoRefusal,
) -> Response {
    let (code, text) = (refusal.code.as_str(), refusal.to_string());
    tracing::warn!(code, refusal = text.as_str(), "nobody signed in");
    let event = Actor::anonymous(origin).was_refused(Action::SessionCreate, None);
    let event = event.with_detail(text.clone());
    if let Err(error) = service.refusals.record(event, &text).await {
        tracing::error!(%error, "the refusal was not recorded");
    }
    let page = if matches!(purpose, Purpose::Connect { .. }) { "/account" } else { "/login" };
    see_other(&format!("{page}?sso={code}"))
}

/// GET, whatever was before (RFC 9110, 15.4.4).
fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}
