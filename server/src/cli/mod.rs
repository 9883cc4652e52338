//! The commands. Data goes to stdout, prose to stderr; exit codes: 0, 1 failed, 2 usage,
//! 78 configuration.
//!
//! [`command`] parses and dispatches, [`local`] is what each noun can do, [`output`] is how
//! results and failures are reported.

pub mod command;
pub mod local;
pub mod output;

pub use command::run;
