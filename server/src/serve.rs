//! Starting and stopping the server. It starts whole or not at all: configuration,
//! database, migrations, administrator, keys, and only then the first request.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use governor::clock::DefaultClock;
use keyward_api::Sensitive;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use url::Url;

use crate::clock::Clock;
use crate::config::{AdminConfig, Config, ConfigError};
use crate::database;
use crate::error::Error;
use crate::keys::Registry;
use crate::keys::registry::LoadError;
use crate::session::limit::SignInLimit;
use crate::session::password::Passwords;
use crate::session::setup::{self, SetupToken};
use crate::session::store;
use crate::state::AppState;

/// How long requests in flight may take at shutdown.
const GRACE: Duration = Duration::from_secs(10);

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened or brought up to date.
    #[error("the database in DATABASE_URL cannot be used: {0}")]
    Database(#[from] DbErr),
    /// The keys cannot be loaded.
    #[error("the keys cannot be loaded: {0}")]
    Keys(#[from] LoadError),
    /// The address cannot be bound, or serving ended.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Something inside.
    #[error(transparent)]
    Internal(#[from] Error),
}

/// Serves until the process is told to stop.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let bind = config.http.bind;
    let failed = |error| StartError::Listen(bind, error);
    // From here on a signal is heeded, also one that comes before everything is ready.
    let told_to_stop = listen_for_signals()?;
    // Before the database is touched, so that a taken port changes nothing.
    let listener = TcpListener::bind(bind).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (state, setup_token) = prepare(&config, Clock::System, address).await?;
    let keys = state.keys.clone();
    let background = tokio::spawn(keys.clone().run());

    if let Some(token) = setup_token {
        let link = setup::link(&state.public_url, &token);
        eprintln!("First start: open {link} to create the administrator. The link works once.");
    }
    let service = crate::build(state).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopping) = oneshot::channel();
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let server = axum::serve(listener, service)
        .with_graceful_shutdown(async move { drop(stopping.await) })
        .into_future();
    let mut server = tokio::spawn(server);
    println!("listening on http://{address}");

    tokio::select! {
        () = told_to_stop => {
            tracing::info!("stopping");
            let _ = stop.send(());
            if tokio::time::timeout(GRACE, &mut server).await.is_err() {
                tracing::warn!("requests were still running after {} s", GRACE.as_secs());
            }
        }
        ended = &mut server => {
            if let Ok(Err(error)) = ended { return Err(failed(error)) }
        }
    }
    background.abort();
    Ok(keys.flush().await?)
}

/// Opens the database, brings it up to date, creates the administrator that the
/// configuration names, and loads the keys. With no administrator at all, the text of a
/// new setup token comes along.
pub async fn prepare(
    config: &Config,
    clock: Clock,
    address: SocketAddr,
) -> Result<(AppState, Option<Sensitive>), StartError> {
    let db = database::connect(config.database.url.expose()).await?;
    database::migrate(&db).await?;
    let passwords = Passwords::new()?;
    let (setup, setup_token) = first_admin(config.admin.as_ref(), &db, &passwords, &clock).await?;
    let keys = Registry::load(db.clone(), clock.clone()).await?;
    tracing::info!(keys = keys.len(), "keys loaded");
    let state = AppState {
        db,
        clock,
        keys,
        passwords,
        setup,
        sign_in_limit: Arc::new(SignInLimit::new(DefaultClock::default())),
        public_url: Arc::new(public_url(config, address)?),
        trusted_proxies: config.http.trusted_proxies.clone().into(),
    };
    Ok((state, setup_token))
}

async fn first_admin(
    admin: Option<&AdminConfig>,
    db: &DatabaseConnection,
    passwords: &Passwords,
    clock: &Clock,
) -> Result<(SetupToken, Option<Sensitive>), StartError> {
    if store::has_first_admin(db).await? {
        return Ok((SetupToken::closed(), None));
    }
    let Some(AdminConfig { email, password }) = admin else {
        let (setup, text) = SetupToken::generate()?;
        return Ok((setup, Some(text)));
    };
    let hash = passwords.hash(password.clone()).await?;
    if store::create_first_admin(db, email, hash, clock.now()).await?.is_some() {
        tracing::info!(email = email.as_str(), "the first administrator was created");
    }
    Ok((SetupToken::closed(), None))
}

fn public_url(config: &Config, address: SocketAddr) -> Result<Url, StartError> {
    if let Some(url) = &config.http.public_url {
        return Ok(url.clone());
    }
    let url = Url::parse(&format!("http://{address}"));
    Ok(url.map_err(|error| Error::Internal(format!("the bound address is no URL: {error}")))?)
}

fn listen_for_signals() -> Result<impl Future<Output = ()>, Error> {
    let failed = |error| Error::Internal(format!("signals cannot be handled: {error}"));
    let mut terminated = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! { _ = terminated.recv() => (), _ = interrupted.recv() => () }
    })
}
