//! The first administrator, for set-ups without a person.

use std::fmt;

use keyward_api::session::{Email, NewPassword};

use super::source::{ConfigError, Environment};
use super::values::{password, variable};

const EMAIL: &str = "KEYWARD_ADMIN_EMAIL";
pub(super) const ADMIN_PASSWORD: &str = "KEYWARD_ADMIN_PASSWORD";

/// The administrator to create when there is no user.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    pub email: Email,
    pub password: NewPassword,
}

impl AdminConfig {
    pub(super) fn load(env: Environment<'_>) -> Result<Option<Self>, ConfigError> {
        let email = variable(env, EMAIL);
        let password = password(env, ADMIN_PASSWORD)?;
        let (email, password) = match (email, password) {
            (None, None) => return Ok(None),
            (Some(email), Some(password)) => (email, password),
            (Some(_), None) => {
                return Err(ConfigError::new(
                    ADMIN_PASSWORD,
                    format!("is missing: {EMAIL} is set"),
                ));
            }
            (None, Some(_)) => {
                return Err(ConfigError::new(
                    EMAIL,
                    format!("is missing: {ADMIN_PASSWORD} is set"),
                ));
            }
        };
        let wrong = |variable, error: &dyn fmt::Display| {
            ConfigError::new(variable, format!("is wrong: {error}"))
        };
        let email = Email::try_from(email).map_err(|error| wrong(EMAIL, &error))?;
        let password =
            NewPassword::try_from(password).map_err(|error| wrong(ADMIN_PASSWORD, &error))?;
        Ok(Some(Self { email, password }))
    }
}
