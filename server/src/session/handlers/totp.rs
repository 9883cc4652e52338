//! `/api/session/totp`: two-factor of the person who is signed in.

use axum::extract::State;
use keyward_api::account::{ConfirmPassword, EnableTotp, NewTotp, RecoveryCodes};
use keyward_api::session::Session;
use keyward_api::{Data, paths};

use super::confirming::Confirming;
use super::shown;
use crate::audit::Action;
use crate::http::error::Error;
use crate::http::extract::Json;
use crate::session::qr;
use crate::session::sign_in::SignInService;
use crate::session::totp::TotpSecret;

/// What an app is set up with. Nothing is stored, and nothing changes, before a code of it is shown.
#[utoipa::path(
    post, path = paths::TOTP, operation_id = "createTotp", tag = "session", security(("session" = [])),
    responses(
        (status = 200, body = Data<NewTotp>),
        (status = 409, description = "`no_password`: the account signs in with single sign-on.")
    )
)]
pub async fn create(
    confirming: Confirming,
    State(service): State<SignInService>,
) -> Result<axum::Json<Data<NewTotp>>, Error> {
    confirming.expect_password()?;
    let secret = TotpSecret::generate()?;
    let uri = secret.uri(&confirming.person.session.user.email, &service.public_url);
    let qr = qr::draw(&uri).map_err(|error| Error::Internal(format!("no QR code: {error}")))?;
    Ok(axum::Json(Data { data: NewTotp { secret: secret.to_base32(), uri, qr } }))
}

/// Asks for codes from now on, in place of those of another app if there was one. All other sessions
/// of the person end.
#[utoipa::path(
    put, path = paths::TOTP, operation_id = "enableTotp", tag = "session", security(("session" = [])),
    responses(
        (status = 200, body = Data<RecoveryCodes>),
        (status = 409, description = "`no_password`: the account signs in with single sign-on."),
        (status = 429)
    )
)]
pub async fn enable(
    confirming: Confirming,
    State(service): State<SignInService>,
    Json(body): Json<EnableTotp>,
) -> Result<axum::Json<Data<RecoveryCodes>>, Error> {
    let EnableTotp { password, secret, code } = body;
    confirming.expect_password()?;
    let secret = TotpSecret::from_base32(secret.expose())
        .ok_or_else(|| Error::field("secret", "Expected 32 characters of base32"))?;
    let now = service.clock.now();
    // No guess: who asks knows the secret.
    let step = secret
        .step_of(code.expose(), now)
        .ok_or_else(|| Error::field("code", "This is not the code that the app shows now"))?;
    confirming.confirm(&service, Action::UserTotp, "password", password).await?;
    let accounts = &service.accounts;
    let recovery_codes = accounts.enable_totp(confirming.own(), &secret, step, now).await?;
    Ok(axum::Json(Data { data: RecoveryCodes { recovery_codes } }))
}

/// Asks for no code any more.
#[utoipa::path(
    post, path = paths::TOTP_DISABLE, operation_id = "disableTotp", tag = "session", security(("session" = [])),
    responses(
        (status = 200, body = Data<Session>),
        (
            status = 409,
            description = "`no_totp`: two-factor is off; `no_password`: the account signs in with \
                           single sign-on."
        ),
        (status = 429)
    )
)]
pub async fn disable(
    confirming: Confirming,
    State(service): State<SignInService>,
    Json(body): Json<ConfirmPassword>,
) -> Result<axum::Json<Data<Session>>, Error> {
    confirming.confirm(&service, Action::UserTotp, "password", body.password).await?;
    let user = service.accounts.disable_totp(confirming.own()).await?;
    let session = &confirming.person.session.row;
    Ok(axum::Json(Data { data: shown(&service, session, user) }))
}

/// Makes new recovery codes; those before are good no longer.
#[utoipa::path(
    post, path = paths::TOTP_RECOVERY_CODES, operation_id = "createRecoveryCodes", tag = "session",
    security(("session" = [])),
    responses(
        (status = 200, body = Data<RecoveryCodes>),
        (
            status = 409,
            description = "`no_totp`: two-factor is off; `no_password`: the account signs in with \
                           single sign-on."
        ),
        (status = 429)
    )
)]
pub async fn renew_recovery_codes(
    confirming: Confirming,
    State(service): State<SignInService>,
    Json(body): Json<ConfirmPassword>,
) -> Result<axum::Json<Data<RecoveryCodes>>, Error> {
    confirming.confirm(&service, Action::UserTotp, "password", body.password).await?;
    let recovery_codes = service.accounts.renew_recovery_codes(confirming.own()).await?;
    Ok(axum::Json(Data { data: RecoveryCodes { recovery_codes } }))
}
