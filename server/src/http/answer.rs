//! The one place that turns an [`Error`] into a status, a code and two texts: one for the caller,
//! and one for the log where they differ.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use keyward_api::{FieldError, Problem, challenge};

use super::error::{BUSY, Error, NO_LEASE, seconds};
use crate::encryption::error::RotateRefusal;
use crate::keys::error::KeyRefusal;
use crate::providers::ProviderRefusal;
use crate::secrets::vault::SecretRefusal;
use crate::session::error::AccountRefusal;
use crate::users::UserRefusal;

/// Sent with every 401, whatever the reason.
const CHALLENGE: HeaderValue = HeaderValue::from_static(challenge::CHALLENGE);

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.into_response_throttled(StatusCode::TOO_MANY_REQUESTS)
    }
}

impl Error {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Account(refusal) => of_account(refusal),
            Self::Key(refusal) => of_key(refusal),
            Self::User(refusal) => of_user(refusal),
            Self::Validation(_) => (StatusCode::BAD_REQUEST, "validation_failed"),
            Self::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::TooManyBodies => (StatusCode::SERVICE_UNAVAILABLE, "too_many_bodies"),
            Self::BodyTooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong_credentials"),
            Self::WrongSetupToken => (StatusCode::UNAUTHORIZED, "wrong_setup_token"),
            Self::WrongInvitation => (StatusCode::UNAUTHORIZED, "wrong_invitation"),
            Self::CrossSite(_) => (StatusCode::FORBIDDEN, "cross_site_request"),
            Self::LocalSignInOff => (StatusCode::FORBIDDEN, "local_sign_in_off"),
            Self::SsoOff => (StatusCode::NOT_FOUND, "sso_off"),
            Self::SsoUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "sso_unavailable"),
            Self::SetupClosed => (StatusCode::CONFLICT, "setup_closed"),
            Self::NoRoute => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Altered(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_altered"),
            Self::MissingRole(_) | Self::Provider(ProviderRefusal::BaseUrl) => {
                (StatusCode::FORBIDDEN, "missing_role")
            }
            Self::AddressNotAllowed => (StatusCode::FORBIDDEN, "address_not_allowed"),
            Self::RateLimited(..) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::MissingScope(_) => (StatusCode::FORBIDDEN, "missing_scope"),
            Self::Secret(SecretRefusal::Exists(_)) => (StatusCode::CONFLICT, "secret_exists"),
            Self::Secret(SecretRefusal::NotFound(_)) => (StatusCode::NOT_FOUND, "secret_not_found"),
            Self::Secret(SecretRefusal::Changed(_)) => {
                (StatusCode::PRECONDITION_FAILED, "secret_changed")
            }
            Self::Secret(SecretRefusal::Unreadable { .. }) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "secret_unreadable")
            }
            Self::Provider(ProviderRefusal::NoProvider(_)) => {
                (StatusCode::NOT_FOUND, "provider_not_found")
            }
            Self::Provider(ProviderRefusal::NoModel { .. }) => {
                (StatusCode::NOT_FOUND, "model_not_found")
            }
            Self::Provider(ProviderRefusal::None { .. }) => {
                (StatusCode::NOT_FOUND, "no_credential")
            }
            Self::Provider(ProviderRefusal::Altered(_)) => {
                (StatusCode::CONFLICT, "credential_altered")
            }
            Self::Provider(ProviderRefusal::Unreadable { .. }) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "credential_unreadable")
            }
            Self::Rotation(RotateRefusal::Running) => (StatusCode::CONFLICT, "rotation_running"),
            Self::Rotation(RotateRefusal::Unreadable { .. } | RotateRefusal::NotStored(_)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "rotation_failed")
            }
            Self::TooManyAttempts(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
            Self::SignInBusy => (StatusCode::SERVICE_UNAVAILABLE, "sign_in_busy"),
            Self::Store(_) | Self::NoLease => {
                (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable")
            }
            Self::OutcomeUnknown(_) => (StatusCode::SERVICE_UNAVAILABLE, "outcome_unknown"),
            Self::FormerRootKey(_) => (StatusCode::SERVICE_UNAVAILABLE, "former_root_key"),
            Self::Watermark(_) => (StatusCode::SERVICE_UNAVAILABLE, "watermark_unwritable"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed_out"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        }
    }

    fn log(&self) {
        match self {
            Self::Store(error) | Self::OutcomeUnknown(error) => {
                tracing::error!(%error, "the store cannot answer");
            }
            Self::FormerRootKey(error) => tracing::error!(%error, "former root key"),
            Self::Watermark(error) => tracing::error!(%error, "what is revoked is not kept"),
            Self::Altered(error) => {
                tracing::error!(%error, "the store was changed from outside");
            }
            Self::Internal(detail) => tracing::error!(detail, "internal error"),
            Self::Secret(SecretRefusal::Unreadable { key, reason }) => {
                tracing::error!(key, %reason, "a secret cannot be decrypted");
            }
            Self::Provider(ProviderRefusal::Unreadable { target, reason }) => {
                tracing::error!(target_name = target, %reason, "a credential cannot be decrypted");
            }
            Self::Account(AccountRefusal::TotpUnreadable { email, reason }) => {
                tracing::error!(email, reason, "a two-factor secret cannot be decrypted");
            }
            Self::Rotation(RotateRefusal::Running) => tracing::debug!("a rotation is running"),
            Self::Rotation(error) => tracing::error!(%error, "not rotated"),
            _ => tracing::debug!(error = %self, "request refused"),
        }
    }

    fn problem(self, status: StatusCode, code: &str) -> Problem {
        let title = status.canonical_reason().unwrap_or_default();
        // A name taken is about a field as well: the form shows it there.
        let fields = match &self {
            Self::Key(KeyRefusal::NameTaken(_)) => {
                vec![FieldError { field: "name".into(), message: self.to_string() }]
            }
            Self::Key(KeyRefusal::OwnWord(_)) => {
                vec![FieldError { field: "scopes".into(), message: self.to_string() }]
            }
            Self::Secret(SecretRefusal::Exists(_)) => {
                vec![FieldError { field: "key".into(), message: self.to_string() }]
            }
            Self::User(UserRefusal::Exists(_) | UserRefusal::ExistsAlike { .. }) => {
                vec![FieldError { field: "email".into(), message: self.to_string() }]
            }
            Self::Account(AccountRefusal::WrongPassword(field)) => {
                vec![FieldError { field: (*field).into(), message: self.to_string() }]
            }
            Self::Validation(fields) => fields.clone(),
            _ => Vec::new(),
        };
        let id = match &self {
            Self::Key(KeyRefusal::AlreadyCreated(id)) => Some(id.clone()),
            _ => None,
        };
        let detail = fields.first().map_or_else(|| self.to_string(), |f| f.message.clone());
        Problem { errors: fields, id, ..Problem::new(status.as_u16(), title, code, detail) }
    }

    /// The answer, with `throttled` where it would be 429.
    pub fn into_response_throttled(self, throttled: StatusCode) -> Response {
        self.log();
        let (status, code) = match self.status_and_code() {
            (StatusCode::TOO_MANY_REQUESTS, code) => (throttled, code),
            other => other,
        };
        let retry_after = match &self {
            Self::TooManyAttempts(wait) | Self::RateLimited(_, wait) => Some(seconds(*wait)),
            Self::SignInBusy => Some(seconds(BUSY)),
            Self::NoLease => Some(seconds(NO_LEASE)),
            _ => None,
        };
        let allowance = match &self {
            Self::RateLimited(allowance, _) => Some(*allowance),
            _ => None,
        };
        let body = axum::Json(self.problem(status, code));
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(allowance) = allowance {
            allowance.write_headers(headers);
        }
        response
    }
}

fn of_account(refusal: &AccountRefusal) -> (StatusCode, &'static str) {
    match refusal {
        AccountRefusal::TotpRequired => (StatusCode::UNAUTHORIZED, "totp_required"),
        AccountRefusal::WrongCode => (StatusCode::UNAUTHORIZED, "wrong_code"),
        AccountRefusal::NoPassword => (StatusCode::CONFLICT, "no_password"),
        AccountRefusal::NoTotp => (StatusCode::CONFLICT, "no_totp"),
        AccountRefusal::SessionNotFound => (StatusCode::NOT_FOUND, "session_not_found"),
        // Not 401: the session is good, and a page would sign out.
        AccountRefusal::WrongPassword(_) => (StatusCode::BAD_REQUEST, "validation_failed"),
        AccountRefusal::TotpUnreadable { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "totp_unreadable")
        }
    }
}

fn of_key(refusal: &KeyRefusal) -> (StatusCode, &'static str) {
    match refusal {
        KeyRefusal::NameTaken(_) => (StatusCode::CONFLICT, "key_name_taken"),
        KeyRefusal::NotFound => (StatusCode::NOT_FOUND, "key_not_found"),
        KeyRefusal::Unreadable => (StatusCode::CONFLICT, "key_unreadable"),
        KeyRefusal::Altered => (StatusCode::CONFLICT, "key_altered"),
        KeyRefusal::Expired => (StatusCode::CONFLICT, "key_expired"),
        KeyRefusal::RotatedAgain => (StatusCode::CONFLICT, "key_rotated"),
        KeyRefusal::NoOverlap => (StatusCode::NOT_FOUND, "no_overlap"),
        KeyRefusal::NotCovered(_) => (StatusCode::FORBIDDEN, "missing_scope"),
        KeyRefusal::OwnWord(_) => (StatusCode::BAD_REQUEST, "validation_failed"),
        KeyRefusal::OwnKey => (StatusCode::FORBIDDEN, "own_key"),
        KeyRefusal::ScopeNotHeld(_) => (StatusCode::FORBIDDEN, "scope_not_held"),
        KeyRefusal::Outlives => (StatusCode::FORBIDDEN, "outlives"),
        KeyRefusal::OtherNetworks => (StatusCode::FORBIDDEN, "other_networks"),
        KeyRefusal::AdminOnly => (StatusCode::FORBIDDEN, "missing_role"),
        KeyRefusal::AlreadyCreated(_) => (StatusCode::CONFLICT, "already_created"),
        KeyRefusal::OtherRequest => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
    }
}

fn of_user(refusal: &UserRefusal) -> (StatusCode, &'static str) {
    match refusal {
        UserRefusal::NotFound => (StatusCode::NOT_FOUND, "user_not_found"),
        UserRefusal::NoInvitation => (StatusCode::NOT_FOUND, "invitation_not_found"),
        UserRefusal::Exists(_) => (StatusCode::CONFLICT, "user_exists"),
        UserRefusal::ExistsAlike { .. } => (StatusCode::CONFLICT, "user_exists_alike"),
        UserRefusal::LastAdmin(_) => (StatusCode::CONFLICT, "last_admin"),
        UserRefusal::Altered(_) => (StatusCode::CONFLICT, "user_altered"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::DbErr;

    use super::*;
    use crate::encryption::error::RotateError;
    use crate::keys::error::KeyError;
    use crate::providers::ProviderError;
    use crate::secrets::vault::SecretError;

    #[test]
    fn what_the_database_said_stays_in_the_log() {
        let failed = || DbErr::Custom("planted-detail".into());
        let errors: [Error; 5] = [
            failed().into(),
            KeyError::from(failed()).into(),
            SecretError::from(failed()).into(),
            ProviderError::from(failed()).into(),
            RotateError::from(failed()).into(),
        ];
        for error in errors {
            let (status, code) = error.status_and_code();
            let problem = error.problem(status, code);
            assert_eq!((problem.status, problem.code.as_str()), (503, "store_unavailable"));
            assert!(!format!("{problem:?}").contains("planted"));
        }
    }

    #[test]
    fn retry_after_is_rounded_up() {
        let response = Error::TooManyAttempts(Duration::from_millis(1_200)).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
