//! `keyward doctor`.

use clap::Args;

use crate::cli::output::{CliError, failed, print, to_json};
use crate::clock::Clock;
use crate::config::{Environment, Flags};
use crate::doctor::{Check, Level, examine};
use crate::numbers::counted;

/// Looking at everything.
#[derive(Args)]
pub struct DoctorCommand {
    /// As JSON: what was looked at, `ok`, `notice`, `warning` or `failure`, and a sentence
    #[arg(long)]
    json: bool,
}

impl DoctorCommand {
    /// Does it; an error when something is broken.
    pub async fn execute(self, flags: &Flags, env: Environment<'_>) -> Result<(), CliError> {
        let found = examine(flags, env, &Clock::System).await;
        print(&if self.json { to_json(&found)? } else { table(&found) })?;
        match found.iter().filter(|check| check.level == Level::Failure).count() as u64 {
            0 => Ok(()),
            number => Err(failed(counted(number, "check failed", "checks failed"))),
        }
    }
}

fn table(found: &[Check]) -> String {
    let widest = found.iter().map(|check| check.check.len()).max().unwrap_or_default();
    let line = |Check { check, level, message }: &Check| {
        let level = match level {
            Level::Ok => "ok",
            Level::Notice => "notice",
            Level::Warning => "WARNING",
            Level::Failure => "FAILURE",
        };
        format!("{level:<7}  {check:<widest$}  {message}")
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}
