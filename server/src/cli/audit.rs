//! `keyward audit`.

use clap::Subcommand;
use keyward_api::audit::BrokenEntry;

use super::output::{CliError, failed, print, to_json};
use crate::audit::AuditLog;
use crate::audit::handlers::verification;
use crate::database::DatabaseConnection;

/// What can be done with the audit log.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check every entry; fails and names the first one that was changed
    Verify {
        /// As JSON, in the form of `GET /api/admin/audit/verify`
        #[arg(long)]
        json: bool,
    },
}

/// Checks the log and tells the result.
pub async fn verify(db: &DatabaseConnection, audit: &AuditLog, json: bool) -> Result<(), CliError> {
    let (verified, broken) = audit.verify(db).await.map_err(failed)?;
    let result = verification(verified, broken);
    if json {
        print(&to_json(&result)?)?;
    } else {
        print(&format!("{} entries are as they were written", result.verified))?;
    }
    let Some(BrokenEntry { seq, reason }) = result.broken else { return Ok(()) };
    Err(failed(format!("the audit log was changed: entry {seq}: {reason}")))
}
