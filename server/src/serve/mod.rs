//! Starting and stopping the server. It starts whole or not at all: configuration,
//! database, migrations, administrator, keys, and only then the first request.
//!
//! [`open`](mod@open) opens the store, [`start`] makes the services, `run` serves, [`error`] says why
//! it did not.

pub mod error;
pub mod open;
mod run;
mod signals;
pub mod start;

pub use error::StartError;
pub use open::{Opened, open, open_altered, open_to_look};
pub use run::serve;
pub use start::prepare;
