//! What was asked for on the command line, and who does it.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use rand::rngs::SysRng;
use tracing_subscriber::EnvFilter;

use super::audit::{self, AuditCommand};
use super::encryption::EncryptionCommand;
use super::keys::KeysCommand;
use super::output::{CliError, failed};
use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, DatabaseConfig, Environment, Flags, StoreConfig};
use crate::database::{self, DatabaseConnection, Opening};
use crate::encryption::Rotation;
use crate::encryption::kek::RootKey;
use crate::encryption::unlock::Unlocked;
use crate::hardening;
use crate::keys::Registry;
use crate::serve::{self, StartError};

/// What `EX_CONFIG` is in sysexits.h.
const EXIT_CONFIG: u8 = 78;

/// Named API keys that authenticate external callers, and a vault for third-party secrets.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: CliFlags,
}

#[derive(Args)]
struct CliFlags {
    /// Address to listen on; port 0 lets the kernel choose [env: `KEYWARD_BIND`]
    #[arg(long, global = true, value_name = "IP:PORT")]
    bind: Option<String>,
    /// Address people use [env: `KEYWARD_PUBLIC_URL`]
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// `sqlite://PATH` or `postgres://USER@HOST/NAME`; one with a password belongs into the
    /// variable or a file [env: `DATABASE_URL`, `DATABASE_URL_FILE`]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the page (the default)
    Serve,
    /// Bring the database up to date and stop
    Migrate,
    /// Print a new root key for `SECRETS_ENCRYPTION_KEY`
    GenerateKey,
    /// Show or rotate the data keys; a running server follows at once
    Encryption {
        #[command(subcommand)]
        command: EncryptionCommand,
    },
    /// Check the audit log
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Create, list, rotate and delete API keys; a running server follows within a second
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

impl Cli {
    /// Runs the command with the variables of the process.
    pub async fn run(self) -> ExitCode {
        let env = |name: &str| std::env::var(name).ok();
        match self.execute(&env).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("keyward: {error}");
                match error {
                    CliError::Config(_) | CliError::Locked(_) => ExitCode::from(EXIT_CONFIG),
                    CliError::Failed(_) => ExitCode::FAILURE,
                }
            }
        }
    }

    async fn execute(self, env: Environment<'_>) -> Result<(), CliError> {
        let CliFlags { bind, public_url, database_url } = self.flags;
        let flags = Flags { bind, public_url, database_url };
        refuse_odd_variables()?;
        start_log(env)?;
        hardening::harden().map_err(failed)?;
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => {
                config::warn_of_exposed_files(env);
                Ok(serve::serve(Config::load(&flags, env)?).await?)
            }
            Command::Migrate => {
                let config = DatabaseConfig::load(&flags, env)?;
                let db = database::connect(&config, Opening::Store).await;
                let db = db.map_err(StartError::from)?;
                Ok(database::migrate(&db).await.map_err(StartError::from)?)
            }
            Command::GenerateKey => {
                let key = RootKey::generate(&mut SysRng).map_err(failed)?;
                println!("{}", *key.to_base64());
                Ok(())
            }
            Command::Keys { command } => {
                let (db, Unlocked { audit, .. }) = open(&flags, env).await?;
                let keys = Registry::for_changes(db, Clock::System, audit).await.map_err(failed)?;
                command.execute(&keys).await
            }
            Command::Encryption { command } => {
                let (db, Unlocked { keyring, audit }) = open(&flags, env).await?;
                command.execute(&Rotation::new(db, Clock::System, keyring, audit)).await
            }
            Command::Audit { command: AuditCommand::Verify { json } } => {
                let (db, Unlocked { audit, .. }) = open(&flags, env).await?;
                audit::verify(&db, &audit, json).await
            }
        }
    }
}

/// The root key is needed for whatever is recorded in the audit log, or checked by it. A store
/// that is not there is not made: it would be empty, and not the one that was meant.
async fn open(
    flags: &Flags,
    env: Environment<'_>,
) -> Result<(DatabaseConnection, Unlocked), CliError> {
    let config = StoreConfig::load(flags, env)?;
    Ok(serve::open(&config, &Clock::System, Opening::Command).await?)
}

/// A variable that is no UTF-8 would otherwise count as one that is not set.
fn refuse_odd_variables() -> Result<(), ConfigError> {
    let ours = ["KEYWARD_", "SECRETS_ENCRYPTION_KEY", "DATABASE_URL", "RUST_LOG"];
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ours.iter().any(|prefix| name.starts_with(prefix)) && value.to_str().is_none() {
            return Err(ConfigError { variable: name.into(), problem: "is not UTF-8".into() });
        }
    }
    Ok(())
}

/// Logs go to stderr: as lines for a person, or as JSON when nobody sits there.
fn start_log(env: Environment<'_>) -> Result<(), ConfigError> {
    let wrong =
        |variable: &str, problem: String| ConfigError { variable: variable.into(), problem };
    let filter = env("RUST_LOG")
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "info,memory_serve=warn,sea_orm_migration=warn".into());
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| wrong("RUST_LOG", format!("is no filter: {error}")))?;
    let format = env("KEYWARD_LOG_FORMAT").filter(|text| !text.is_empty());
    let pretty = match format.as_deref() {
        Some("pretty") => true,
        Some("json") => false,
        None => std::io::stderr().is_terminal(),
        Some(_) => {
            return Err(wrong("KEYWARD_LOG_FORMAT", "is wrong: expected pretty or json".into()));
        }
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if pretty {
        log.with_target(false).init();
    } else {
        log.json().flatten_event(true).init();
    }
    Ok(())
}
