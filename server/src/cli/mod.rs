//! The commands. Data goes to stdout, prose to stderr; exit codes: 0, 1 failed, 2 usage,
//! 78 configuration.
//!
//! [`run`](mod@run) parses and dispatches, [`keys`], [`encryption`], [`audit`] and [`store`] are what each
//! noun can do, [`output`] is how results and failures are reported.

pub mod audit;
pub mod encryption;
pub mod key_list;
mod keys;
pub mod output;
pub mod run;
mod store;

pub use run::run;
