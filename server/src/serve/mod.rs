//! Starting and stopping the server. It starts whole or not at all: configuration,
//! database, migrations, administrator, keys, and only then the first request.
//!
//! [`start`] opens the store and makes the services, `run` serves, [`error`] says why it did not.

pub mod error;
mod run;
mod signals;
pub mod start;

pub use error::StartError;
pub use run::serve;
pub use start::{open, open_altered, prepare};
