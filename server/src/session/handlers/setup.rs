//! `/api/setup`: whether there is a first account, and making it.

use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use keyward_api::session::{Session, Setup, SetupStatus, SsoProvider};
use keyward_api::{Data, paths};

use super::{SetSession, recorder, sign_in_as, throttled};
use crate::audit::{Action, Actor, Origin};
use crate::database::StoreError;
use crate::http::error::Error;
use crate::http::extract::{ClientAddress, Json};
use crate::session::device::Device;
use crate::session::password::Lane;
use crate::session::sign_in::SignInService;
use crate::session::{setup as first_account, store};

/// What the audit log says of a refusal.
const WRONG_TOKEN: &str = "the setup token is wrong";

/// Whether the first administrator is to be created: exactly while there is no user.
#[utoipa::path(
    get, path = paths::SETUP, operation_id = "getSetup", tag = "session",
    responses((status = 200, body = Data<SetupStatus>))
)]
pub async fn status(
    State(service): State<SignInService>,
) -> Result<axum::Json<Data<SetupStatus>>, Error> {
    let open = !is_closed(&service).await?;
    let sso = service.sso.as_ref();
    let sso = sso.map(|provider| SsoProvider { name: provider.config().name.clone() });
    let data = SetupStatus { open, local_sign_in: service.local_sign_in, sso };
    Ok(axum::Json(Data { data }))
}

/// Whether there is a user. Anybody may ask, as often as they like, at the cost of a few
/// queries a second.
async fn is_closed(service: &SignInService) -> Result<bool, StoreError> {
    let ask = async || store::has_user(&service.db).await.map_err(StoreError::from);
    service.setup_status.get(ask).await
}

/// Creates the first administrator with a token that a server printed, and signs them in.
#[utoipa::path(
    post, path = paths::SETUP, operation_id = "completeSetup", tag = "session",
    responses(
        (status = 200, body = Data<Session>),
        (status = 401, description = "`wrong_setup_token`"),
        (status = 403, description = "`local_sign_in_off`, or a write from another site."),
        (status = 409, description = "`setup_closed`: there is a user."), (status = 429)
    )
)]
pub async fn complete(
    State(service): State<SignInService>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    device: Device,
    jar: CookieJar,
    Json(body): Json<Setup>,
) -> Result<SetSession, Error> {
    service.require_local_sign_in()?;
    let Setup { token, email, password } = body;
    // An answer from before it was closed is no harm: then the token is gone.
    if is_closed(&service).await? {
        return Err(Error::SetupClosed);
    }
    let attempt = match service.limit.attempt_setup(address) {
        Ok(attempt) => attempt,
        Err(wait) => return Err(throttled(&service, origin, Action::UserCreate, wait).await),
    };
    match first_account::accepts(&service.db, &service.rows, &token).await {
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
    let user =
        first_account::create_first_admin(&service.people, &email, hash, now, &recorder).await?;
    service.setup_status.forget().await;
    let user = user.ok_or(Error::SetupClosed)?;
    tracing::info!("the first administrator was created");
    service.limit.signed_in(address, &user.email);
    sign_in_as(&service, &jar, device, &user, &recorder).await
}
