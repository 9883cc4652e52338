//! Why a store did not do what it was asked.

use std::time::Duration;

use keyward_core::lease::Terms;
use keyward_core::set::SetName;
use rand::rngs::SysError;
use sea_orm::DbErr;
use tokio::task::JoinError;

/// Why a store did not do what it was asked. `DbErr` is what the driver says, and nothing else.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("{what} was stopped: {reason}")]
    Stopped { what: &'static str, reason: String },
    #[error("{0} change all the time")]
    Busy(&'static str),
    #[error("{0} migrations missing")]
    Outdated(usize),
    #[error("the database did not store {0} as it was written")]
    NotStored(&'static str),
    #[error("the number of {0} cannot be raised any more")]
    Exhausted(&'static str),
    #[error(
        "the stored {} were changed outside of Keyward: rows were added, removed or put back. \
         `keyward store check` lists what does not hold; restore a backup, or accept what is \
         stored now with `keyward store accept`", .0.rows()
    )]
    Altered(SetName),
    #[error(
        "SECRETS_ENCRYPTION_KEY is a former root key: {0}. Restart this server with the present \
         root key"
    )]
    FormerRootKey(String),
    #[error("the credential was revoked while the request was under way")]
    Revoked,
    #[error("no random bytes: {0}")]
    Random(#[from] SysError),
    /// The wrapped keys were changed outside of Keyward; the text says how, for log and terminal.
    #[error("{0}")]
    AlteredKeys(String),
    /// Whether a change was made, or is in effect everywhere, is not known.
    #[error("whether the change was made, and is in effect everywhere, is not known: {0}")]
    Unknown(&'static str),
    /// What the servers of the store go by, and what this one was to.
    #[error(
        "the servers of this store have leases of {} and go on without the database for {}, and \
         this one was to have {} and {}: give all of them the same KEYWARD_LEASE and \
         KEYWARD_WITHOUT_DATABASE, or stop them all first",
        said(.0.lease()), said(.0.alone()), said(.1.lease()), said(.1.alone())
    )]
    OtherTerms(Terms, Terms),
    /// What was revoked is committed, and is not on the disk of this machine. The reason, for log and
    /// terminal.
    #[error("{0}")]
    Watermark(String),
    /// What is stored cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// A value was not sealed or opened, for a reason that is not the store's.
    #[error("{0}")]
    Encryption(String),
}

impl StoreError {
    /// The task that did this ended before it answered.
    pub fn unanswered(what: &'static str) -> Self {
        Self::Stopped { what, reason: "its task has ended".to_owned() }
    }

    /// The task that did this ended before it was done.
    pub fn stopped(what: &'static str, error: JoinError) -> Self {
        Self::Stopped { what, reason: error.to_string() }
    }
}

/// What a service refuses, each with a sentence for the caller. `http::error` gives it a status and
/// a code.
pub trait Refusal: std::error::Error {}

/// Why a service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError<R: Refusal> {
    #[error(transparent)]
    Refused(R),
    #[error(transparent)]
    Store(StoreError),
}

impl<R: Refusal> From<R> for ServiceError<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R: Refusal> From<StoreError> for ServiceError<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R: Refusal> From<DbErr> for ServiceError<R> {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl<R: Refusal> From<SysError> for ServiceError<R> {
    fn from(error: SysError) -> Self {
        Self::Store(error.into())
    }
}

fn said(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration)
}
