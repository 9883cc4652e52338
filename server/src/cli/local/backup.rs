//! `keyward backup` and `keyward restore`.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use keyward_api::store::Finding;
use keyward_core::backup::{Header, Manifest};
use keyward_core::kek::{RootKey, RootKeys};

use super::store::sentence;
use crate::audit::AuditLog;
use crate::backup::load::{Loaded, load};
use crate::backup::{BackupError, restore, write};
use crate::cli::output::{CliError, failed, print};
use crate::clock::Clock;
use crate::config::StoreConfig;
use crate::database::{self, DatabaseConnection, Opening};
use crate::log;
use crate::numbers::{counted, grouped};
use crate::serve::StartError;
use crate::watermark::look;

/// How often the progress is shown.
const PACE: Duration = Duration::from_millis(200);

/// They share a table with other settings.
const KEYS: &str = "keys";

/// What a person counts, by its table.
const COUNTED: [(&str, &str, &str); 5] = [
    (KEYS, "key", "keys"),
    ("secrets", "secret", "secrets"),
    ("provider_credentials", "provider", "providers"),
    ("users", "person", "people"),
    ("audit_log", "audit entry", "audit entries"),
];

/// Writing a backup, or looking through one.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BackupCommand {
    /// The file; one that is there is replaced when the new one is whole
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    #[command(subcommand)]
    action: Option<BackupAction>,
}

/// What can be done with a backup.
#[derive(Subcommand)]
pub enum BackupAction {
    /// Open every value of a backup and check every row and the audit log; needs the root key and
    /// no database
    Verify {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// What a backup command needs.
pub enum BackupWork {
    /// A store.
    Write(PathBuf),
    /// The root key.
    Verify(PathBuf),
}

impl BackupCommand {
    /// What is to be done. One of both is there: the arguments were checked.
    pub fn work(self) -> BackupWork {
        match self.action {
            Some(BackupAction::Verify { file }) => BackupWork::Verify(file),
            None => BackupWork::Write(self.file.unwrap_or_default()),
        }
    }
}

/// Writes a backup.
pub async fn back_up(
    file: PathBuf,
    db: &DatabaseConnection,
    root: &RootKey,
    audit: &AuditLog,
) -> Result<(), CliError> {
    let show = progress();
    let written = write::write(db, root, audit, &Clock::System, &file, &show).await;
    log::show_progress("");
    let written = written.map_err(|error| about(&file, error))?;
    print(&format!(
        "wrote {}: {}\nsha256 {}",
        file.display(),
        contents(&written.header, &written.manifest),
        written.sha256
    ))
}

/// Looks through a backup; fails and names what does not hold.
pub async fn verify(file: PathBuf, roots: &RootKeys) -> Result<(), CliError> {
    let loaded = load_shown(&file, roots).await?;
    if !loaded.findings.is_empty() {
        print(&sentences(&loaded.findings))?;
        return Err(failed(format!("{}: not everything in it holds", file.display())));
    }
    print(&format!(
        "everything in {} holds: {}, from {}",
        file.display(),
        contents(&loaded.header, &loaded.manifest),
        loaded.header.created_at
    ))
}

/// Restoring a backup.
#[derive(Args)]
pub struct RestoreCommand {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Also when not everything in it holds, as it was in the store that it is from
    #[arg(long)]
    as_is: bool,
}

impl RestoreCommand {
    /// Does it.
    pub async fn execute(self, config: &StoreConfig) -> Result<(), CliError> {
        let Self { file, as_is } = self;
        let loaded = load_shown(&file, &config.root_keys).await?;
        for finding in &loaded.findings {
            log::say(&sentence(finding));
        }
        if !loaded.findings.is_empty() && !as_is {
            return Err(failed(format!(
                "{}: not everything in it holds; --as-is restores it all the same",
                file.display()
            )));
        }
        let seen = look(config, Opening::Command).map_err(StartError::from)?;
        let db = database::connect(&config.database, Opening::Store).await;
        let db = db.map_err(StartError::from)?;
        let (show, name) = (progress(), file.display().to_string());
        let done = restore::restore(&loaded, &db, &name, &show).await;
        log::show_progress("");
        let done = done.map_err(|error| about(&file, error))?;
        let problem = seen.problem(&db).await.map_err(failed)?;
        db.close().await.map_err(failed)?;
        print(&format!(
            "restored {} from {}; {done}",
            contents(&loaded.header, &loaded.manifest),
            loaded.header.created_at
        ))?;
        if let Some(problem) = problem {
            log::say(&format!("{problem}.\nNext: keyward store accept"));
        }
        Ok(())
    }
}

async fn load_shown(file: &Path, roots: &RootKeys) -> Result<Loaded, CliError> {
    let loaded = load(file, roots, &Clock::System, &progress()).await;
    log::show_progress("");
    loaded.map_err(|error| about(file, error))
}

fn about(file: &Path, error: BackupError) -> CliError {
    match error {
        BackupError::Unlock(error) => CliError::Locked(error),
        error => failed(format!("{}: {error}", file.display())),
    }
}

fn progress() -> impl Fn(u64) {
    let last = Cell::new(Duration::ZERO);
    move |rows| {
        let now = Clock::System.monotonic();
        if now.saturating_sub(last.get()) >= PACE {
            last.set(now);
            log::show_progress(&format!("{} rows", grouped(rows)));
        }
    }
}

fn contents(header: &Header, manifest: &Manifest) -> String {
    let names = header.tables.iter().map(|table| table.name.as_str());
    let mut rows: HashMap<&str, u64> = names.zip(manifest.rows.iter().copied()).collect();
    rows.insert(KEYS, manifest.keys);
    let counted = COUNTED.iter().filter_map(|(name, one, many)| {
        let number = *rows.get(name)?;
        Some(counted(number, one, many))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn sentences(findings: &[Finding]) -> String {
    findings.iter().map(sentence).collect::<Vec<_>>().join("\n")
}
