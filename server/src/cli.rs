//! The commands. Data goes to stdout, prose to stderr; exit codes: 0, 1 failed, 2 usage,
//! 78 configuration.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use keyward_api::audit::BrokenEntry;
use keyward_api::encryption::{DataKey, DataKeyState, EncryptionStatus, Rotated};
use keyward_api::keys::{ApiKey, CreateApiKey, KeyName};
use keyward_api::scopes::{Scope, Scopes};
use rand::rngs::SysRng;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing_subscriber::EnvFilter;

use crate::audit::handlers::verification;
use crate::audit::{Actor, AuditLog};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, DatabaseConfig, Environment, Flags, StoreConfig};
use crate::database;
use crate::encryption::Rotation;
use crate::encryption::kek::RootKey;
use crate::encryption::unlock::{UnlockError, Unlocked};
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
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME` [env: `DATABASE_URL`]
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
    /// Create, list and delete API keys; a running server follows within a second
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Create a key and print it, once
    Create {
        /// Name, distinct among all keys
        #[arg(long, value_parser = |text: &str| KeyName::try_from(text.to_owned()))]
        name: KeyName,
        /// Scope, e.g. secrets:read; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", value_parser = |text: &str| Scope::try_from(text.to_owned()))]
        scopes: Vec<Scope>,
        /// Time to live, e.g. 90d or 12h
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        expires_in: Option<Duration>,
    },
    /// List all keys
    List {
        /// As JSON, in the form of `GET /api/keys`
        #[arg(long)]
        json: bool,
    },
    /// Delete a key
    Delete {
        /// Its id or its name
        id_or_name: String,
    },
}

#[derive(Subcommand)]
enum EncryptionCommand {
    /// Show the data keys and how many values are under them
    Status {
        /// As JSON, in the form of `GET /api/admin/encryption`
        #[arg(long)]
        json: bool,
    },
    /// Make a new data key and seal every value anew under it
    Rotate {
        /// As JSON, in the form of `POST /api/admin/encryption/rotate`
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Check every entry; fails and names the first one that was changed
    Verify {
        /// As JSON, in the form of `GET /api/admin/audit/verify`
        #[arg(long)]
        json: bool,
    },
}

/// Why a command ended.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Locked(UnlockError),
    #[error("{0}")]
    Failed(String),
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Config(error) => Self::Config(error),
            StartError::Locked(UnlockError::Random(error)) => failed(error),
            StartError::Locked(error) => Self::Locked(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

fn failed(error: impl ToString) -> CliError {
    CliError::Failed(error.to_string())
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
            Command::Serve => Ok(serve::serve(Config::load(&flags, env)?).await?),
            Command::Migrate => {
                let config = DatabaseConfig::load(&flags, env)?;
                let db = database::connect(config.url.expose()).await.map_err(StartError::from)?;
                Ok(database::migrate(&db).await.map_err(StartError::from)?)
            }
            Command::GenerateKey => {
                let key = RootKey::generate(&mut SysRng).map_err(failed)?;
                println!("{}", *key.to_base64());
                Ok(())
            }
            Command::Keys { command } => {
                let may_begin = matches!(command, KeysCommand::Create { .. });
                let (db, Unlocked { audit, .. }) = open(&flags, env, may_begin).await?;
                let keys = Registry::load(db, Clock::System, audit).await.map_err(failed)?;
                command.execute(&keys).await
            }
            Command::Encryption { command } => {
                let (db, Unlocked { keyring, audit }) = open(&flags, env, false).await?;
                command.execute(&Rotation::new(db, Clock::System, keyring, audit)).await
            }
            Command::Audit { command: AuditCommand::Verify { json } } => {
                let (db, Unlocked { audit, .. }) = open(&flags, env, false).await?;
                verify_log(&db, &audit, json).await
            }
        }
    }
}

impl KeysCommand {
    async fn execute(self, keys: &Registry) -> Result<(), CliError> {
        match self {
            Self::Create { name, scopes, expires_in } => {
                let scopes = Scopes::try_from(scopes).map_err(failed)?;
                let now = Clock::System.now();
                let expiry = |ttl: Duration| {
                    let ttl = time::Duration::try_from(ttl).ok()?;
                    now.checked_add(ttl).filter(|at| at.year() <= 9999 && *at > now)
                };
                let expires_at = expires_in
                    .map(|ttl| expiry(ttl).ok_or_else(|| failed("--expires-in is out of range")))
                    .transpose()?;
                let wanted = CreateApiKey { name, scopes, expires_at };
                let (record, key) =
                    keys.create(wanted, &Actor::command_line()).await.map_err(failed)?;
                eprintln!("Created \"{}\". The key is not shown again:", record.name);
                println!("{}", key.expose());
            }
            Self::List { json } => {
                let list = keys.list().await.map_err(failed)?;
                if json {
                    print(&to_json(&list)?)?;
                } else {
                    print(&table(&list))?;
                }
            }
            Self::Delete { id_or_name } => {
                let list = keys.list().await.map_err(failed)?;
                let by_id = list.iter().find(|key| key.id == id_or_name);
                // Names of readable keys are distinct; an id goes before a name.
                let key = by_id.or_else(|| list.iter().find(|key| key.name == id_or_name));
                let key = key.ok_or_else(|| failed("API key not found"))?;
                keys.delete(key.id.clone(), &Actor::command_line()).await.map_err(failed)?;
                eprintln!("Deleted \"{}\".", key.name);
            }
        }
        Ok(())
    }
}

fn table(keys: &[ApiKey]) -> String {
    let width = keys.iter().map(|key| key.name.chars().count()).max().unwrap_or(0).max(4);
    let head = format!("{:<36}  {:<width$}  {:<8}  {:<10}  EXPIRES", "ID", "NAME", "KEY", "STATUS");
    let row = |key: &ApiKey| {
        let status = match key {
            ApiKey { unreadable: true, .. } => "unreadable",
            ApiKey { enabled: false, .. } => "disabled",
            ApiKey { expires_at: Some(at), .. } if *at <= Clock::System.now() => "expired",
            _ => "active",
        };
        let expires = key.expires_at.and_then(|at| at.format(&Rfc3339).ok());
        let expires = expires.as_deref().unwrap_or("never");
        let ApiKey { id, name, prefix, .. } = key;
        format!("{id:<36}  {name:<width$}  {prefix:<8}  {status:<10}  {expires}")
    };
    let rows = keys.iter().map(row);
    std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
}

impl EncryptionCommand {
    async fn execute(self, rotation: &Rotation) -> Result<(), CliError> {
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

async fn verify_log(db: &DatabaseConnection, audit: &AuditLog, json: bool) -> Result<(), CliError> {
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
        let state = if key.state == DataKeyState::Active { "active" } else { "retired" };
        let DataKey { version, created_by, .. } = key;
        let (created, retired) = (text(Some(key.created_at)), text(key.retired_at));
        format!("{version:<7}  {state:<7}  {created:<20}  {retired:<20}  {created_by}")
    };
    std::iter::once(head).chain(keys.iter().map(row)).collect::<Vec<_>>().join("\n")
}

fn to_json(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(failed)
}

/// The root key is needed for whatever is recorded in the audit log, or checked by it.
async fn open(
    flags: &Flags,
    env: Environment<'_>,
    may_begin: bool,
) -> Result<(DatabaseConnection, Unlocked), CliError> {
    let config = StoreConfig::load(flags, env)?;
    let missing = database::missing_file(config.database.url.expose());
    if let (Some(file), false) = (missing, may_begin) {
        // A new one would be empty, whole and of no use to whoever mistyped its name.
        return Err(failed(format!("there is no database {}", file.display())));
    }
    Ok(serve::open(&config, &Clock::System).await?)
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

/// Prints to a reader who may have seen enough.
fn print(text: &str) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Ok(()),
    }
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
