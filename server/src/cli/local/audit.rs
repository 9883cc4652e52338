//! `keyward audit`.

use std::cell::Cell;
use std::time::Duration;

use clap::Subcommand;
use keyward_api::audit::{AuditBreak, AuditProgress, AuditVerification};

use crate::audit::about_log::Because;
use crate::audit::answer::verification;
use crate::audit::{Actor, AuditLog};
use crate::cli::output::{CliError, failed, print, to_json};
use crate::clock::Clock;
use crate::database::DatabaseConnection;
use crate::log;

/// How often the progress is reported.
const PACE: Duration = Duration::from_millis(200);

/// What can be done with the audit log.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check every entry; fails and names each one that was changed
    Verify {
        /// As JSON, in the form of `GET /api/admin/audit/verify`
        #[arg(long)]
        json: bool,
    },
    /// Record that a break of the log is known, so that it is valid but for others
    Acknowledge {
        /// The number of the entry, as `keyward audit verify` names it
        #[arg(value_name = "SEQ")]
        seq: i64,
        /// Why it is there, for anyone who reads the log; 1 to 500 characters
        #[arg(long, value_name = "TEXT", value_parser = because)]
        because: Because,
    },
}

fn because(text: &str) -> Result<Because, String> {
    Because::try_from(text.to_owned()).map_err(|error| error.to_string())
}

impl AuditCommand {
    /// Whether it changes what is stored.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Acknowledge { .. })
    }

    /// Does it.
    pub async fn execute(self, db: &DatabaseConnection, audit: &AuditLog) -> Result<(), CliError> {
        match self {
            Self::Verify { json } => verify(db, audit, json).await,
            Self::Acknowledge { seq, because } => {
                let actor = Actor::command_line();
                audit.acknowledge(db, &actor, seq, &because).await.map_err(failed)?;
                print(&format!("the break at entry {seq} is acknowledged"))
            }
        }
    }
}

async fn verify(db: &DatabaseConnection, audit: &AuditLog, json: bool) -> Result<(), CliError> {
    let (clock, last) = (Clock::System, Cell::new(Duration::ZERO));
    let tell = |AuditProgress { checked, total }| {
        if clock.monotonic().saturating_sub(last.get()) >= PACE {
            last.set(clock.monotonic());
            log::show_progress(&format!("{checked} of {total} entries"));
        }
    };
    let found = audit.verify_with(db, tell).await;
    log::show_progress("");
    let result = verification(&found.map_err(failed)?);
    if json {
        print(&to_json(&result)?)?;
    } else {
        print(&summary(&result))?;
    }
    if result.valid {
        return Ok(());
    }
    let first = result.broken.map(|it| format!(": {}", it.reason));
    Err(failed(format!("the audit log is broken{}", first.unwrap_or_default())))
}

/// One line for each break, and one for all.
fn summary(result: &AuditVerification) -> String {
    let AuditVerification { verified, breaks, total_breaks, .. } = result;
    let line = |AuditBreak { seq, reason, acknowledged }: &AuditBreak| match acknowledged {
        None => format!("{seq}: {reason}"),
        Some(known) => {
            format!("{seq}: {reason} (acknowledged by {}: {})", known.by, known.because)
        }
    };
    let mut lines: Vec<String> = breaks.iter().map(line).collect();
    if *total_breaks > breaks.len() as u64 {
        lines.push(format!("{total_breaks} breaks in all"));
    }
    let known = if breaks.is_empty() { "" } else { ", or the break is acknowledged" };
    lines.push(format!("entries up to {verified} are as they were written{known}"));
    lines.join("\n")
}
