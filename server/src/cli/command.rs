//! What was asked for on the command line, and who does it.

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use rand::rngs::SysRng;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::local::audit::AuditCommand;
use super::local::backup::{self, BackupCommand, BackupWork, RestoreCommand};
use super::local::doctor::DoctorCommand;
use super::local::encryption::EncryptionCommand;
use super::local::keys::KeysCommand;
use super::local::store::StoreCommand;
use super::local::users::{UsersCommand, UsersStore};
use super::output::{CliError, failed, print_once};
use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, DatabaseConfig, Environment, Flags, StoreConfig};
use crate::database::{self, Opening};
use crate::encryption::Rotation;
use crate::encryption::unlock::Unlocked;
use crate::hardening;
use crate::keys::Registry;
use crate::log;
use crate::serve::{self, Opened, StartError};
use keyward_core::kek::RootKey;

/// What `EX_CONFIG` is in sysexits.h.
const EXIT_CONFIG: u8 = 78;

/// Named API keys that authenticate external callers, and a vault for third-party secrets.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
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
    /// Check the audit log, or acknowledge a break of it
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Check whether anything stored was changed outside of Keyward, and accept it after a repair
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Write everything that is stored to a file, while servers run; or look through such a file
    Backup(BackupCommand),
    /// Restore a backup into an empty database, of either kind
    Restore(RestoreCommand),
    /// Say whether the installation is as it should be, from the configuration to the last stored
    /// row; fails when something is broken
    Doctor(DoctorCommand),
    /// Create, list, rotate and delete API keys; what is taken away is taken away at every server when
    /// the command ends (SQLite: within a second)
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// List, invite, change and delete people; for who cannot sign in any more as well. A running
    /// server follows at once
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
}

/// Runs the command that the arguments and variables of the process ask for.
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return explain(&usage),
    };
    survive_file_limits();
    let env = |name: &str| std::env::var(name).ok();
    let code = match cli.execute(&env).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::say(&format!("keyward: {error}"));
            match error {
                CliError::Config(_)
                | CliError::Locked(_)
                | CliError::Altered(_)
                | CliError::OtherTerms(_)
                | CliError::Watermark(_) => ExitCode::from(EXIT_CONFIG),
                CliError::Failed(_) => ExitCode::FAILURE,
            }
        }
    };
    log::finish();
    code
}

/// A write beyond `ulimit -f` is then an error like a full disk, and no longer the end. The
/// handler stays when this returns.
fn survive_file_limits() {
    if let Err(error) = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())) {
        log::say(&format!("keyward: a file that grows beyond its limit will end it: {error}"));
    }
}

/// Prints what is wrong with the arguments, or the help that they ask for.
fn explain(usage: &clap::Error) -> ExitCode {
    match usage.print() {
        Err(error) if !usage.use_stderr() && error.kind() != ErrorKind::BrokenPipe => {
            ExitCode::FAILURE
        }
        _ => u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from),
    }
}

impl Cli {
    async fn execute(self, env: Environment<'_>) -> Result<(), CliError> {
        let CliFlags { bind, public_url, database_url } = self.flags;
        let flags = Flags { bind, public_url, database_url };
        refuse_odd_variables()?;
        log::start(env)?;
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
                print_once(&key.to_base64()).map_err(|error| failed(format!("the key {error}")))
            }
            Command::Keys { command } => {
                let opened = open(&flags, env, command.is_change()).await?;
                let Opened { db, unlocked: Unlocked { audit, rows, .. }, watermark } = opened;
                let keys = Registry::for_changes(db, Clock::System, audit, rows, watermark);
                command.execute(&keys.map_err(failed)?).await
            }
            Command::Users { command } => {
                // Whatever else is wrong there must not keep anybody out.
                let config = Config::load(&flags, env);
                let Opened { db, unlocked, .. } = open(&flags, env, command.is_change()).await?;
                command.execute(&UsersStore::new(db, unlocked), config).await
            }
            Command::Store { command } => command.execute(&StoreConfig::load(&flags, env)?).await,
            Command::Backup(command) => {
                unless_stopped(async {
                    match command.work() {
                        BackupWork::Write(file) => {
                            let config = StoreConfig::load(&flags, env)?;
                            let opened = serve::open_to_look(&config, &Clock::System).await?;
                            let (db, audit) = (opened.db, opened.unlocked.audit);
                            backup::back_up(file, &db, &config.root_keys.current, &audit).await
                        }
                        BackupWork::Verify(file) => {
                            backup::verify(file, &config::load_root_keys(env)?).await
                        }
                    }
                })
                .await
            }
            Command::Restore(command) => {
                let config = StoreConfig::load(&flags, env)?;
                unless_stopped(command.execute(&config)).await
            }
            Command::Doctor(command) => command.execute(&flags, env).await,
            Command::Encryption { command } => {
                let Opened { db, unlocked, .. } = open(&flags, env, command.is_change()).await?;
                let Unlocked { keyring, audit, .. } = unlocked;
                command.execute(&Rotation::new(db, Clock::System, keyring, audit)).await
            }
            Command::Audit { command } => {
                let Opened { db, unlocked, .. } = open(&flags, env, command.is_change()).await?;
                command.execute(&db, &unlocked.audit).await
            }
        }
    }
}

/// Leaves nothing half done when a person or a supervisor stops it: what is on the disk for a while
/// is removed, and the transaction ends.
async fn unless_stopped(work: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    let listen = |kind| signal(kind).map_err(failed);
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Err(failed("stopped")),
        _ = terminate.recv() => Err(failed("stopped")),
    }
}

/// The root key is needed for whatever is recorded in the audit log, or checked by it. A store
/// that is not there is not made: it would be empty, and not the one that was meant. One that is
/// behind is looked into, and not changed.
async fn open(flags: &Flags, env: Environment<'_>, is_change: bool) -> Result<Opened, CliError> {
    let (config, clock) = (StoreConfig::load(flags, env)?, Clock::System);
    Ok(if is_change {
        serve::open(&config, &clock, Opening::Command).await?
    } else {
        serve::open_to_look(&config, &clock).await?
    })
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
