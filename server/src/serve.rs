//! Starting and stopping the server. It starts whole or not at all: configuration,
//! database, migrations, administrator, keys, and only then the first request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use keyward_api::Sensitive;
use rand::rngs::SysError;
use sea_orm::DbErr;
use tokio::net::TcpListener;
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinHandle};
use url::Url;

use crate::audit::folding::{self, Folding};
use crate::audit::reading::Reading;
use crate::audit::{AuditLog, retention};
use crate::background::{repeat, with_timeout};
use crate::clock::Clock;
use crate::config::{AdminConfig, Config, ConfigError, StoreConfig};
use crate::database::{self, DatabaseConnection, OpenError, Opening, StoreError};
use crate::encryption::Rotation;
use crate::encryption::error::UnlockError;
use crate::encryption::unlock::{self, Manner, Unlocked};
use crate::http::connections::{self, Limits};
use crate::http::error::Error;
use crate::http::exposure;
use crate::keys::Registry;
use crate::keys::admission::Admission;
use crate::keys::registry::{LoadError, POLL};
use crate::metrics::Metrics;
use crate::providers::Credentials;
use crate::recent::Recent;
use crate::secrets::Vault;
use crate::session::browser::KnownBrowsers;
use crate::session::cookie::{self, Cookies};
use crate::session::limit::SignInLimit;
use crate::session::password::{Lane, PasswordError, Passwords};
use crate::session::people::People;
use crate::session::setup;
use crate::session::store::{self, Recorder};
use crate::state::{AppState, Shared};
use crate::{hardening, log, stdout};

/// Few programs scrape, and the files are for those who verify.
const METRICS_CONNECTIONS: usize = 64;

/// From SIGTERM on, requests are taken for so long while `/readyz` answers 503, so that a
/// load balancer sends its next ones elsewhere.
const NOTICE: Duration = Duration::from_secs(1);
/// After it, requests in flight have so long to finish.
const FINISH: Duration = Duration::from_secs(7);
/// Then what waits to be written has so long, and the log [`log::FLUSH`]: 10 seconds in all.
const FLUSH: Duration = Duration::from_millis(1_500);

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened or brought up to date.
    #[error(transparent)]
    Open(OpenError),
    /// The store failed, or is not as Keyward wrote it.
    #[error("{}", of_store(.0))]
    Store(#[from] StoreError),
    /// The stored keys of the encryption do not open.
    #[error(transparent)]
    Locked(#[from] UnlockError),
    /// The keys cannot be loaded.
    #[error("the keys cannot be loaded: {0}")]
    Keys(LoadError),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The last times of use, or refusals, are lost.
    #[error("stopped before everything was written: {0}")]
    Unwritten(String),
    /// The address cannot be bound, or serving ended.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Something inside.
    #[error(transparent)]
    Internal(#[from] Error),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Address(problem) => {
                Self::Config(ConfigError { variable: "DATABASE_URL".to_owned(), problem })
            }
            other => Self::Open(other),
        }
    }
}

impl From<DbErr> for StartError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<SysError> for StartError {
    fn from(error: SysError) -> Self {
        Self::Store(error.into())
    }
}

/// A sentence about the store: of the database, it names the variable.
fn of_store(error: &StoreError) -> String {
    match error {
        StoreError::Database(error) => {
            format!("the database in DATABASE_URL cannot be used: {error}")
        }
        other => other.to_string(),
    }
}

impl From<LoadError> for StartError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error @ StoreError::Altered(_)) => Self::Store(error),
            other => Self::Keys(other),
        }
    }
}

/// Serves until the process is told to stop.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let mut signals = Signals::listen()?;
    // Before the database is touched, so that a taken port changes nothing.
    let (listener, address) = listen(config.http.bind).await?;
    let metrics = match config.http.metrics_bind {
        Some(bind) => Some(listen(bind).await?),
        None => None,
    };
    let (state, setup_token) = tokio::select! {
        prepared = prepare(&config, Clock::System, address) => prepared?,
        _ = signals.next() => return Ok(()),
    };
    let (stop_background, stopped) = watch::channel(false);
    let keep = config.audit_keep;
    let mut background = tokio::spawn(background(state.clone(), keep, stopped));

    if let Some(token) = setup_token {
        let link = setup::link(&state.public_url, &token);
        log::say(&format!(
            "No user yet: open {link} to create the administrator. The link works once, at \
             every server of this database, also after another start."
        ));
    }
    exposure::warn_of_plain_http(address, &state.public_url);
    let service = crate::build(state.clone());
    let limits = Limits::for_files(hardening::raise_file_limit());
    // Answers until the process ends, so that a stop can be watched.
    let _metrics = metrics.map(|(listener, address)| {
        tracing::info!(%address, "metrics");
        let few = Limits { connections: METRICS_CONNECTIONS, ..limits };
        let service = crate::build_metrics(state.clone());
        tokio::spawn(connections::serve(listener, service, few, std::future::pending()))
    });
    let (stop, stopping) = oneshot::channel();
    let stopping = async move { drop(stopping.await) };
    let mut server = tokio::spawn(connections::serve(listener, service, limits, stopping));
    announce(address);

    tokio::select! {
        signal = signals.next() => {
            tracing::info!("stopping");
            state.is_stopping.store(true, Ordering::Relaxed);
            tokio::select! {
                () = drain(signal, stop, &mut server) => (),
                _ = signals.next() => tracing::warn!("told to stop twice: no longer waiting"),
            }
        }
        ended = &mut server => ended.map_err(stopped_early)?,
        ended = &mut background => return Ok(ended.map_err(stopped_early)??),
    }
    let _ = stop_background.send(true);
    let late = |_| StartError::Unwritten(format!("it took longer than {FLUSH:?}"));
    let written = tokio::time::timeout(FLUSH, background).await.map_err(late)?;
    written.map_err(stopped_early)?.map_err(|error| StartError::Unwritten(error.to_string()))
}

async fn listen(bind: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(bind, error);
    let listener = TcpListener::bind(bind).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Says on stdout and in the log that requests are answered now. In a thread of its own, since
/// stdout may be a pipe that is full and that nobody reads.
fn announce(address: SocketAddr) {
    tracing::info!(%address, "listening");
    let write = move || {
        if let Err(error) = stdout::write_line(&format!("listening on http://{address}")) {
            tracing::warn!(%error, "stdout cannot be written: the address is in this log alone");
        }
    };
    if let Err(error) = thread::Builder::new().spawn(write) {
        tracing::warn!(%error, "the address is in this log alone");
    }
}

/// Finishes what is in flight, for as long as that may take.
async fn drain<T>(signal: Signal, stop: oneshot::Sender<()>, server: &mut JoinHandle<T>) {
    if signal == Signal::Terminate {
        tokio::time::sleep(NOTICE).await;
    }
    let _ = stop.send(());
    if tokio::time::timeout(FINISH, server).await.is_err() {
        tracing::warn!("requests were still running after {} s", FINISH.as_secs());
    }
}

fn stopped_early(error: JoinError) -> Error {
    Error::Internal(format!("a task of the server ended: {error}"))
}

/// Opens the database, brings it up to date, creates the administrator that the
/// configuration names, and loads the keys. With no user at all, the text of a new setup
/// token comes along.
pub async fn prepare(
    config: &Config,
    clock: Clock,
    address: SocketAddr,
) -> Result<(AppState, Option<Sensitive>), StartError> {
    let store = open(&config.store, &clock, Opening::Store).await?;
    let (db, Unlocked { keyring, audit, rows }) = store;
    let people = People::new(db.clone(), rows.clone());
    people.load().await?;
    let passwords = Passwords::new()?;
    let setup_token = first_admin(&config.admin, &people, &passwords, &clock, &audit).await?;
    let keys = Registry::load(db.clone(), clock.clone(), audit.clone(), rows.clone()).await?;
    let admission = Admission::new(keys.verifier());
    let sign_in_limit = SignInLimit::new(&clock);
    tracing::info!(keys = keys.len(), "keys loaded");
    let rotation = Rotation::new(db.clone(), clock.clone(), keyring.clone(), audit.clone());
    let credentials =
        Credentials::new(db.clone(), clock.clone(), keyring.clone(), audit.clone(), rows.clone());
    let vault = Vault::new(db.clone(), clock.clone(), keyring.clone(), audit.clone());
    let public_url = public_url(config, address)?;
    let state = Shared {
        db,
        clock,
        audit,
        refusals: Folding::default(),
        rows,
        reading: Reading::default(),
        keys,
        admission,
        forward_auth: config.http.forward_auth,
        metrics: Metrics::default(),
        keyring,
        rotation,
        vault,
        credentials,
        people,
        passwords,
        cookies: Cookies::at(&public_url),
        browsers: KnownBrowsers::new(config.store.root_keys.current.known_browsers_key()),
        sign_in_limit,
        public_url,
        trusted_proxies: config.http.trusted_proxies.clone(),
        // By the machine's clock, whatever the others show: these are about load.
        readiness: Recent::new(Clock::System),
        setup_status: Recent::new(Clock::System),
        write_attempt: Arc::default(),
        metrics_are_elsewhere: config.http.metrics_bind.is_some(),
        is_stopping: AtomicBool::new(false),
    };
    Ok((state.into(), setup_token))
}

/// Opens the database, brings it up to date and opens its keys.
pub async fn open(
    config: &StoreConfig,
    clock: &Clock,
    opening: Opening,
) -> Result<(DatabaseConnection, Unlocked), StartError> {
    let (db, unlocked, altered) = open_altered(config, clock, opening, Manner::Looking).await?;
    altered.map_or(Ok((db, unlocked)), |error| Err(StartError::Locked(error)))
}

/// Like [`open`], for a command that looks into a store or repairs it: also opens one whose
/// wrapped keys were changed from outside, and says so.
pub async fn open_altered(
    config: &StoreConfig,
    clock: &Clock,
    opening: Opening,
    manner: Manner,
) -> Result<(DatabaseConnection, Unlocked, Option<UnlockError>), StartError> {
    let db = database::connect(&config.database, opening).await?;
    if opening == Opening::Command && !database::schema::is_store(&db).await? {
        return Err(OpenError::Missing(config.database.place()).into());
    }
    database::migrate(&db).await?;
    let unlocked = unlock::unlock_altered(&db, &config.root_keys, clock, manner).await;
    let (unlocked, altered) = unlocked.map_err(|error| match error {
        UnlockError::Store(error) => error.into(),
        other => StartError::Locked(other),
    })?;
    Ok((db, unlocked, altered))
}

/// What goes on beside the requests, until `stop` is told; then once more.
async fn background(
    state: AppState,
    keep: Option<Duration>,
    stop: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let record = || with_timeout(state.refusals.flush(&state.audit, &state.db));
    let refusals = repeat(folding::INTERVAL, "record refusals", stop.clone(), record);
    let watch = || with_timeout(state.people.watch(&state.audit));
    let people = repeat(POLL, "look at the users and sessions", stop.clone(), watch);
    let close = async || match keep {
        Some(keep) => {
            retention::close_old(&state.audit, &state.db, keep, state.clock.now()).await.map(drop)
        }
        None => Ok(()),
    };
    let retention = repeat(retention::INTERVAL, "close old audit entries", stop.clone(), close);
    let (keys, (), (), ()) =
        tokio::join!(state.keys.clone().run(stop), refusals, people, retention);
    record().await?;
    keys
}

async fn first_admin(
    admin: &Result<Option<AdminConfig>, ConfigError>,
    people: &People,
    passwords: &Passwords,
    clock: &Clock,
    audit: &AuditLog,
) -> Result<Option<Sensitive>, StartError> {
    let db = people.db();
    if store::has_user(db).await? {
        setup::close(db).await?;
        return Ok(None);
    }
    let Some(AdminConfig { email, password }) = admin.clone()? else {
        let token = cookie::new_token()?;
        return Ok(setup::open(db, people.rows(), &token, clock.now()).await?.then_some(token));
    };
    let hash = passwords.enter(Lane::Known)?.hash(password).await?;
    let recorder = Recorder { audit, origin: None };
    if setup::create_first_admin(people, &email, hash, clock.now(), &recorder).await?.is_some() {
        tracing::info!(email = email.as_str(), "the first administrator was created");
    }
    Ok(None)
}

fn public_url(config: &Config, address: SocketAddr) -> Result<Url, StartError> {
    if let Some(url) = &config.http.public_url {
        return Ok(url.clone());
    }
    let url = Url::parse(&format!("http://{address}"));
    Ok(url.map_err(|error| Error::Internal(format!("the bound address is no URL: {error}")))?)
}

/// Who wants the server to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// A supervisor, and perhaps a load balancer with it.
    Terminate,
    /// A person at a terminal.
    Interrupt,
}

struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        let failed = |error| Error::Internal(format!("signals cannot be handled: {error}"));
        let listen = |kind| signal(kind).map_err(failed);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}
