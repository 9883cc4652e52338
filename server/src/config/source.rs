//! Where values come from, and what is said when one is wrong.

use std::fmt;

/// Where variables come from: the process, or a map in a test.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What was given on the command line; it goes before variables.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--bind`.
    pub bind: Option<String>,
    /// `--public-url`.
    pub public_url: Option<String>,
    /// `--database-url`.
    pub database_url: Option<String>,
}

/// A variable is missing or wrong. Ends the program with exit code 78.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    pub variable: String,
    /// The rest of the sentence; never a value.
    pub problem: String,
}

impl ConfigError {
    pub(super) fn new(variable: &str, problem: impl fmt::Display) -> Self {
        Self { variable: variable.to_owned(), problem: problem.to_string() }
    }
}
