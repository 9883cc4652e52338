//! Why the server did not start, or stopped.

use std::net::SocketAddr;

use rand::rngs::SysError;
use sea_orm::DbErr;

use crate::config::ConfigError;
use crate::database::{OpenError, StoreError};
use crate::encryption::error::UnlockError;
use crate::http::error::Error;
use crate::keys::registry::LoadError;
use crate::oidc::provider::UnusableConfig;
use crate::session::password::PasswordError;
use crate::watermark::WatermarkError;

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(OpenError),
    #[error("{}", of_store(.0))]
    Store(#[from] StoreError),
    #[error(transparent)]
    Locked(#[from] UnlockError),
    #[error(transparent)]
    Watermark(WatermarkError),
    #[error("the keys cannot be loaded: {0}")]
    Keys(LoadError),
    #[error(transparent)]
    Sso(#[from] UnusableConfig),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("stopped before everything was written: {0}")]
    Unwritten(String),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error(transparent)]
    Internal(#[from] Error),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Address(problem) => {
                Self::Config(ConfigError { variable: "DATABASE_URL".to_owned(), problem })
            }
            other => Self::Open(other),
        }
    }
}

impl From<WatermarkError> for StartError {
    fn from(error: WatermarkError) -> Self {
        match error {
            WatermarkError::Folder(error) => Self::Config(error),
            WatermarkError::Store(error) => Self::Store(error),
            other => Self::Watermark(other),
        }
    }
}

impl From<DbErr> for StartError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<SysError> for StartError {
    fn from(error: SysError) -> Self {
        Self::Store(error.into())
    }
}

/// A sentence about the store: of the database, it names the variable.
fn of_store(error: &StoreError) -> String {
    match error {
        StoreError::Altered(_)
        | StoreError::AlteredKeys(_)
        | StoreError::FormerRootKey(_)
        | StoreError::Watermark(_)
        | StoreError::Random(_)
        | StoreError::Encryption(_)
        | StoreError::OtherTerms(..) => error.to_string(),
        other => format!("the database in DATABASE_URL cannot be used: {other}"),
    }
}

impl From<LoadError> for StartError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error @ StoreError::Altered(_)) => Self::Store(error),
            other => Self::Keys(other),
        }
    }
}
