//! How results and failures are printed.

use std::io::ErrorKind;

use serde::Serialize;

use crate::config::ConfigError;
use crate::database::StoreError;
use crate::encryption::error::UnlockError;
use crate::serve::StartError;
use crate::watermark::WatermarkError;
use crate::{printable, stdout};

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Locked(UnlockError),
    #[error(transparent)]
    Altered(StoreError),
    #[error(transparent)]
    OtherTerms(StoreError),
    #[error(transparent)]
    Watermark(WatermarkError),
    #[error("{0}")]
    Failed(String),
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Config(error) => Self::Config(error),
            StartError::Locked(error) => Self::Locked(error),
            StartError::Watermark(error) => Self::Watermark(error),
            StartError::Store(error @ StoreError::Altered(_)) => Self::Altered(error),
            StartError::Store(error @ StoreError::OtherTerms(..)) => Self::OtherTerms(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

pub fn failed(error: impl ToString) -> CliError {
    CliError::Failed(error.to_string())
}

/// The form of the API, for programs. Nothing in it acts on a terminal.
pub fn to_json(value: &impl Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(value).map_err(failed)?;
    Ok(printable::json(&text).into_owned())
}

/// Prints lines for a person or a program; a closed pipe (`| head`) is no error.
pub fn print(text: &str) -> Result<(), CliError> {
    print_part(&printable::lines(&format!("{text}\n"))).map(drop)
}

/// Prints a part of what is printable, and says whether anybody reads on.
pub fn print_part(lines: &str) -> Result<bool, CliError> {
    match stdout::write(lines) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(failed(format!("the result could not be printed: {error}"))),
    }
}

/// Prints what is shown once. A closed pipe is an error: nobody has seen it.
pub fn print_once(secret: &str) -> Result<(), NotPrinted> {
    stdout::write_line(secret).map_err(NotPrinted)
}

/// What is shown once was not shown. `Display` completes "... could not be printed".
#[derive(Debug, thiserror::Error)]
#[error("could not be printed ({0})")]
pub struct NotPrinted(std::io::Error);
