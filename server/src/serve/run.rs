//! From the first request to the last write.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinHandle};

use super::start::prepare;
use crate::audit::{self, refusals, retention};
use crate::background::{repeat, with_timeout};
use crate::clock::Clock;
use crate::config::Config;
use crate::database::StoreError;
use crate::http::connections::{self, Limits};
use crate::http::error::Error;
use crate::http::exposure;
use crate::keys::following::POLL;
use crate::serve::error::StartError;
use crate::serve::signals::{Signal, Signals};
use crate::session::setup;
use crate::state::AppState;
use crate::{hardening, log, stdout, watermark};

/// Few programs scrape, and the files are for those who verify.
const METRICS_CONNECTIONS: usize = 64;

/// From SIGTERM on, requests are taken for so long while `/readyz` answers 503, so that a
/// load balancer sends its next ones elsewhere.
const NOTICE: Duration = Duration::from_secs(1);
/// After it, requests in flight have so long to finish.
const FINISH: Duration = Duration::from_secs(7);
/// Then what waits to be written has so long, and the log [`log::FLUSH`]: 10 seconds in all.
const FLUSH: Duration = Duration::from_millis(1_500);

/// Serves until the process is asked to stop.
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
            state.health.is_stopping.store(true, Ordering::Relaxed);
            tokio::select! {
                () = drain(signal, stop, &mut server) => (),
                _ = signals.next() => tracing::warn!("asked to stop twice: no longer waiting"),
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

/// What goes on beside the requests, until `stop` is set; then once more.
async fn background(
    state: AppState,
    keep: Option<Duration>,
    stop: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let record = || with_timeout(state.refusals.flush());
    let refusals = repeat(refusals::INTERVAL, "record refusals", stop.clone(), record);
    let watch = || with_timeout(state.people.watch(&state.audit));
    let people = repeat(POLL, "look at the users and sessions", stop.clone(), watch);
    let close = async || match keep {
        Some(keep) => {
            retention::close_old(&state.audit, &state.db, keep, state.clock.now()).await.map(drop)
        }
        None => Ok(()),
    };
    let revoked = || state.keys.keep_watermark();
    let kept = repeat(POLL, "write what is revoked to KEYWARD_STATE_DIR", stop.clone(), revoked);
    let position = || state.keys.keep_position();
    let position = repeat(watermark::PACE, "write the watermark", stop.clone(), position);
    let retention = repeat(retention::INTERVAL, "close old audit entries", stop.clone(), close);
    // Not at the start, when there is enough to do.
    let is_due = AtomicBool::new(false);
    let check = async || {
        if is_due.swap(true, Ordering::Relaxed) {
            state.audit.verify(&state.db).await?;
        }
        Ok(())
    };
    let checks = repeat(audit::log::CHECK, "check the audit log", stop.clone(), check);
    let keys = state.keys.clone().run(stop.clone());
    let member = state.keys.stay_member(stop);
    let (keys, ..) =
        tokio::join!(keys, member, refusals, people, retention, checks, kept, position);
    record().await?;
    // What is revoked must be on the disk; how far the store had come, if it answers soon.
    state.keys.keep_watermark().await?;
    match tokio::time::timeout(FLUSH / 3, state.keys.keep_position()).await {
        Ok(Err(error)) => tracing::warn!(%error, "the watermark stays where it was"),
        Err(_) => tracing::warn!("the watermark stays where it was: the database is slow"),
        Ok(Ok(())) => (),
    }
    keys
}
