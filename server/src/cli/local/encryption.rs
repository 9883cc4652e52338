//! `keyward encryption`.

use clap::Subcommand;
use keyward_api::encryption::{DataKey, EncryptionStatus, Rotated};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::audit::Actor;
use crate::cli::output::{CliError, failed, print, to_json};
use crate::encryption::Rotation;
use crate::printable;

/// What can be done with data keys.
#[derive(Subcommand)]
pub enum EncryptionCommand {
    /// Show the data keys and how many values are under them
    Status {
        /// As JSON, in the form of `GET /api/admin/encryption`
        #[arg(long)]
        json: bool,
    },
    /// Make a new data key and seal every value again under it
    Rotate {
        /// As JSON, in the form of `POST /api/admin/encryption/rotate`
        #[arg(long)]
        json: bool,
    },
}

impl EncryptionCommand {
    /// Whether it changes what is stored.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Rotate { .. })
    }

    /// Does it.
    pub async fn execute(self, rotation: &Rotation) -> Result<(), CliError> {
        match self {
            Self::Status { json } => {
                let status = rotation.status().await.map_err(failed)?;
                print(&if json { to_json(&status)? } else { key_table(&status) })
            }
            Self::Rotate { json } => {
                let rotated = rotation.rotate(&Actor::command_line()).await.map_err(failed)?;
                let Rotated { new_version, re_encrypted } = rotated;
                let sentence = format!("version {new_version}, {re_encrypted} values re-encrypted");
                print(&if json { to_json(&rotated)? } else { sentence })
            }
        }
    }
}

fn key_table(status: &EncryptionStatus) -> String {
    let EncryptionStatus { active_version, secrets, legacy, keys, .. } = status;
    let head = format!(
        "Active version: {active_version}\nValues under data keys: {secrets}\nValues of the older \
         layout: {legacy}\n\nVERSION  STATE    CREATED               RETIRED               BY"
    );
    let text = |time: Option<OffsetDateTime>| {
        let text = time.and_then(|time| time.truncate_to_second().format(&Rfc3339).ok());
        text.unwrap_or_else(|| "-".to_owned())
    };
    let row = |key: &DataKey| {
        let state = key.state.as_str();
        let DataKey { version, created_by, .. } = key;
        let (created, retired) = (text(Some(key.created_at)), text(key.retired_at));
        let created_by = printable::line(created_by);
        format!("{version:<7}  {state:<7}  {created:<20}  {retired:<20}  {created_by}")
    };
    std::iter::once(head).chain(keys.iter().map(row)).collect::<Vec<_>>().join("\n")
}
