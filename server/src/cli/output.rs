//! How results and failures are told.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::config::ConfigError;
use crate::encryption::unlock::UnlockError;
use crate::serve::StartError;

/// Why a command ended.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What is stored does not open with the root key that was given.
    #[error(transparent)]
    Locked(UnlockError),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Config(error) => Self::Config(error),
            StartError::Locked(UnlockError::Random(error)) => failed(error),
            StartError::Locked(error) => Self::Locked(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// The command failed for this reason.
pub fn failed(error: impl ToString) -> CliError {
    CliError::Failed(error.to_string())
}

/// The form of the API, for programs.
pub fn to_json(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(failed)
}

/// Prints to a reader who may have seen enough.
pub fn print(text: &str) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Ok(()),
    }
}
