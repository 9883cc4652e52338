//! The one place that turns what went wrong into a status, a code and two texts: one for
//! the caller, and one for the log where they differ.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use keyward_api::{FieldError, Problem, challenge};
use sea_orm::DbErr;

use crate::access::authority::NotRecorded;
use crate::audit;
use crate::authenticity::store::SetError;
use crate::encryption::error::KeyringError;
use crate::encryption::rotation::RotateError;
use crate::http::whole_body;
use crate::keys::rate::Allowance;
use crate::keys::registry::CreateError;
use crate::keys::store::ChangeError;
use crate::providers::CredentialError;
use crate::secrets::vault::VaultError;
use keyward_core::set::SetName;

/// All that wait for a hash are done by then.
const BUSY: Duration = Duration::from_secs(2);

/// Sent with every 401, whatever the reason.
const CHALLENGE: HeaderValue = HeaderValue::from_static(challenge::CHALLENGE);

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Everything a handler or an extractor can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request break their rules.
    #[error("validation failed")]
    Validation(Vec<FieldError>),
    /// The body is no JSON.
    #[error("{0}")]
    InvalidJson(String),
    /// The body is not `application/json`.
    #[error("Expected a body with Content-Type: application/json")]
    UnsupportedMediaType,
    /// The body is over the limit.
    #[error("The request body is too large")]
    BodyTooLarge,
    /// The body did not arrive in time.
    #[error("The request body did not arrive within {} s", whole_body::DEADLINE.as_secs())]
    BodyTooSlow,
    /// Too many bodies are waited for.
    #[error("Too many request bodies are arriving slowly; try again")]
    TooManyBodies,
    /// No credential, or one that is not good. Says nothing about which.
    #[error("A valid credential is required")]
    Unauthenticated,
    /// Sign-in with an unknown address or a wrong password.
    #[error("Email or password is wrong")]
    WrongCredentials,
    /// Set-up with a wrong token.
    #[error("The setup token is wrong; start the server again to print a new link")]
    WrongSetupToken,
    /// A write that another site made the browser send, or that came to an address which is
    /// not the one that people use, as this text: the origin of the public URL.
    #[error(
        "This request came from another site and was refused. Keyward is used at {0} \
         (KEYWARD_PUBLIC_URL)"
    )]
    CrossSite(String),
    /// There is a user.
    #[error("Setup is complete; sign in instead")]
    SetupClosed,
    /// Nothing is at this address.
    #[error("Nothing is here")]
    NoRoute,
    /// Something is at this address, but not for this method.
    #[error("This method is not allowed here")]
    MethodNotAllowed,
    /// A change of the keys was refused.
    #[error(transparent)]
    Key(ChangeError),
    /// A good key that may not do this.
    #[error("This key lacks the scope {0}")]
    MissingScope(String),
    /// Something about a secret was refused.
    #[error(transparent)]
    Secret(VaultError),
    /// Something about the key of a provider was refused.
    #[error(transparent)]
    Provider(CredentialError),
    /// The keys were not rotated.
    #[error(transparent)]
    Rotation(RotateError),
    /// A good key, but not from this address.
    #[error("This key is not accepted from your address")]
    AddressNotAllowed,
    /// A good key that is used too often; it is accepted again after this time.
    #[error("This key is used too often; try again in {} s", seconds(*.1))]
    RateLimited(Allowance, Duration),
    /// Too many attempts; the next is welcome after this time.
    #[error("Too many attempts; try again in {} s", seconds(*.0))]
    TooManyAttempts(Duration),
    /// Too many passwords wait to be checked.
    #[error("Too many people are signing in; try again in {} s", seconds(BUSY))]
    SignInBusy,
    /// The database cannot answer.
    #[error("The store cannot answer; try again")]
    Store(DbErr),
    /// What is stored was changed outside of Keyward.
    #[error(transparent)]
    Altered(SetError),
    /// The root key was changed, and this server has the former one.
    #[error(
        "This server has a former root key: it must be restarted with the present \
         SECRETS_ENCRYPTION_KEY"
    )]
    FormerRootKey(KeyringError),
    /// The server was told to stop.
    #[error("The server is stopping; ask another one")]
    Stopping,
    /// The request took too long.
    #[error("The request took too long; try again")]
    TimedOut,
    /// A fault of this program. The text is for the log alone.
    #[error("Something went wrong here")]
    Internal(String),
}

/// Rounded up, so that whoever obeys is not refused again.
fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl Error {
    /// A single field that breaks its rule.
    pub fn field(field: &str, message: impl ToString) -> Self {
        Self::Validation(vec![FieldError { field: field.into(), message: message.to_string() }])
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Validation(_) => (StatusCode::BAD_REQUEST, "validation_failed"),
            Self::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::TooManyBodies => (StatusCode::SERVICE_UNAVAILABLE, "too_many_bodies"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong_credentials"),
            Self::WrongSetupToken => (StatusCode::UNAUTHORIZED, "wrong_setup_token"),
            Self::CrossSite(_) => (StatusCode::FORBIDDEN, "cross_site_request"),
            Self::SetupClosed => (StatusCode::CONFLICT, "setup_closed"),
            Self::NoRoute => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Key(ChangeError::NameTaken(_)) => (StatusCode::CONFLICT, "key_name_taken"),
            Self::Key(ChangeError::NotFound) => (StatusCode::NOT_FOUND, "key_not_found"),
            Self::Key(ChangeError::Unreadable) => (StatusCode::CONFLICT, "key_unreadable"),
            Self::Key(ChangeError::AlteredKey) => (StatusCode::CONFLICT, "key_altered"),
            Self::Key(ChangeError::AlteredSet(_)) | Self::Altered(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "store_altered")
            }
            Self::Key(ChangeError::Expired) => (StatusCode::CONFLICT, "key_expired"),
            Self::Key(ChangeError::RotatedAgain) => (StatusCode::CONFLICT, "key_rotated"),
            Self::Key(ChangeError::NoOverlap) => (StatusCode::NOT_FOUND, "no_overlap"),
            Self::AddressNotAllowed => (StatusCode::FORBIDDEN, "address_not_allowed"),
            Self::RateLimited(..) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::MissingScope(_) => (StatusCode::FORBIDDEN, "missing_scope"),
            Self::Secret(VaultError::Exists(_)) => (StatusCode::CONFLICT, "secret_exists"),
            Self::Secret(VaultError::NotFound(_)) => (StatusCode::NOT_FOUND, "secret_not_found"),
            Self::Secret(VaultError::Changed(_)) => {
                (StatusCode::PRECONDITION_FAILED, "secret_changed")
            }
            Self::Secret(VaultError::Unreadable { .. }) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "secret_unreadable")
            }
            Self::Provider(CredentialError::NoProvider(_)) => {
                (StatusCode::NOT_FOUND, "provider_not_found")
            }
            Self::Provider(CredentialError::NoModel { .. }) => {
                (StatusCode::NOT_FOUND, "model_not_found")
            }
            Self::Provider(CredentialError::None { .. }) => {
                (StatusCode::NOT_FOUND, "no_credential")
            }
            Self::Provider(CredentialError::Altered(_)) => {
                (StatusCode::CONFLICT, "credential_altered")
            }
            Self::Provider(CredentialError::Unreadable { .. }) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "credential_unreadable")
            }
            Self::Rotation(RotateError::Running) => (StatusCode::CONFLICT, "rotation_running"),
            Self::Rotation(RotateError::Unreadable { .. } | RotateError::NotStored(_)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "rotation_failed")
            }
            Self::TooManyAttempts(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
            Self::SignInBusy => (StatusCode::SERVICE_UNAVAILABLE, "sign_in_busy"),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
            Self::FormerRootKey(_) => (StatusCode::SERVICE_UNAVAILABLE, "former_root_key"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed_out"),
            // The next eight are turned into others when they are made.
            Self::Key(ChangeError::Database(_) | ChangeError::Revoked)
            | Self::Secret(VaultError::Keyring(_) | VaultError::Revoked)
            | Self::Provider(CredentialError::Keyring(_) | CredentialError::Revoked)
            | Self::Rotation(RotateError::Keyring(_) | RotateError::Revoked)
            | Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        }
    }

    fn log(&self) {
        match self {
            Self::Store(error) => tracing::error!(%error, "the store cannot answer"),
            Self::FormerRootKey(error) => tracing::error!(%error, "former root key"),
            Self::Altered(error) | Self::Key(ChangeError::AlteredSet(error)) => {
                tracing::error!(%error, "the store was changed from outside");
            }
            Self::Internal(detail) => tracing::error!(detail, "internal error"),
            Self::Secret(VaultError::Unreadable { key, reason }) => {
                tracing::error!(key, %reason, "a secret cannot be decrypted");
            }
            Self::Provider(CredentialError::Unreadable { target, reason }) => {
                tracing::error!(target_name = target, %reason, "a credential cannot be decrypted");
            }
            Self::Rotation(RotateError::Running) => tracing::debug!("a rotation is running"),
            Self::Rotation(error) => tracing::error!(%error, "not rotated"),
            _ => tracing::debug!(error = %self, "request refused"),
        }
    }

    /// The body of the answer.
    fn problem(self, status: StatusCode, code: &str) -> Problem {
        let title = status.canonical_reason().unwrap_or_default();
        // A name taken is about a field as well: the form shows it there.
        let fields = match &self {
            Self::Key(ChangeError::NameTaken(_)) => {
                vec![FieldError { field: "name".into(), message: self.to_string() }]
            }
            Self::Secret(VaultError::Exists(_)) => {
                vec![FieldError { field: "key".into(), message: self.to_string() }]
            }
            Self::Validation(fields) => fields.clone(),
            _ => Vec::new(),
        };
        let detail = fields.first().map_or_else(|| self.to_string(), |f| f.message.clone());
        Problem { errors: fields, ..Problem::new(status.as_u16(), title, code, detail) }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        // Nothing can be recorded under the audit key of that root key.
        if audit::store::is_former_key(&error) {
            Self::FormerRootKey(error.into())
        } else {
            Self::Store(error)
        }
    }
}

impl From<SetError> for Error {
    fn from(error: SetError) -> Self {
        match error {
            SetError::Database(error) => Self::Store(error),
            altered @ SetError::Altered(_) => Self::Altered(altered),
        }
    }
}

impl From<NotRecorded> for Error {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::Database(error) => error.into(),
            NotRecorded::Revoked => Self::Unauthenticated,
        }
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Database(error) => error.into(),
            ChangeError::Revoked => Self::Unauthenticated,
            refused => Self::Key(refused),
        }
    }
}

impl From<KeyringError> for Error {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Database(error) => error.into(),
            former @ KeyringError::FormerRootKey { .. } => Self::FormerRootKey(former),
            altered if altered.is_about_the_keys() => {
                tracing::error!(error = %altered, "the stored keys were changed from outside");
                Self::Altered(SetError::Altered(SetName::Vault))
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Keyring(error) => error.into(),
            VaultError::Revoked => Self::Unauthenticated,
            refused => Self::Secret(refused),
        }
    }
}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Keyring(error) => error.into(),
            CredentialError::Revoked => Self::Unauthenticated,
            refused => Self::Provider(refused),
        }
    }
}

impl From<RotateError> for Error {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Keyring(error) => error.into(),
            RotateError::Revoked => Self::Unauthenticated,
            refused => Self::Rotation(refused),
        }
    }
}

impl From<CreateError> for Error {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Change(change) => change.into(),
            CreateError::Random(error) => Self::Internal(format!("no random bytes: {error}")),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.into_response_throttled(StatusCode::TOO_MANY_REQUESTS)
    }
}

impl Error {
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
            allowance.tell(headers);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_said_stays_in_the_log() {
        let failed = || DbErr::Custom("planted-detail".into());
        let errors: [Error; 5] = [
            failed().into(),
            ChangeError::from(failed()).into(),
            VaultError::from(failed()).into(),
            CredentialError::from(failed()).into(),
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
