//! Notifications: of changes of the keys, and of what other servers acknowledged. They only hurry:
//! each may be lost, and what they announce is looked for every
//! [`POLL_EVERY`](keyward_core::lease::POLL_EVERY).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sea_orm::{ConnectionTrait, DbErr};
use tokio::sync::watch;

use super::statements::{ACKNOWLEDGED, CHANGED};
use crate::background::with_timeout;
use crate::database::{DatabaseConnection, StoreError, of_driver};

/// How long the connection may take to open.
const PATIENCE: Duration = Duration::from_secs(5);
/// One that was silent for so long is opened again: it may be blocked on its way.
const SILENCE: Duration = Duration::from_mins(1);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether what is announced by `db` arrives here.
pub async fn arrives(
    db: &DatabaseConnection,
    options: &PgConnectOptions,
) -> Result<bool, StoreError> {
    const TRIED: &str = "keyward_tried";
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    let pool = pool.connect_lazy_with(options.clone());
    let listen = async {
        let mut listener = PgListener::connect_with(&pool).await.map_err(of_driver)?;
        listener.listen(TRIED).await.map_err(of_driver)?;
        Ok::<_, DbErr>(listener)
    };
    let mut listener = with_timeout(listen).await?;
    db.execute_unprepared(&format!("NOTIFY {TRIED}")).await?;
    let heard = tokio::time::timeout(PATIENCE / 2, listener.recv()).await;
    Ok(heard.is_ok_and(|heard| heard.is_ok()))
}

/// Wakes those who would look a little later anyway.
#[derive(Default)]
pub(super) struct Hints {
    changed: watch::Sender<()>,
    acknowledged: watch::Sender<()>,
}

impl Hints {
    /// Keys were changed.
    pub(super) fn changed(&self) {
        self.changed.send_replace(());
    }

    fn all(&self) {
        self.changed.send_replace(());
        self.acknowledged.send_replace(());
    }

    pub(super) fn watch_changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn watch_acknowledgements(&self) -> watch::Receiver<()> {
        self.acknowledged.subscribe()
    }
}

/// A connection that is notified.
pub(super) struct Listener {
    options: PgConnectOptions,
    is_listening: AtomicBool,
}

impl Listener {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, is_listening: AtomicBool::new(false) }
    }

    pub(super) fn is_listening(&self) -> bool {
        self.is_listening.load(Ordering::Relaxed)
    }

    /// Listens until `stop` is set.
    pub(super) async fn run(&self, hints: &Hints, mut stop: watch::Receiver<bool>) {
        let mut has_failed = false;
        loop {
            let heard = tokio::select! {
                heard = self.hear(hints) => heard,
                _ = stop.changed() => return,
            };
            self.is_listening.store(false, Ordering::Relaxed);
            if let Err(error) = heard {
                if !has_failed {
                    tracing::warn!(%error, "no notifications: changes of other servers are seen a little later");
                }
                has_failed = true;
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => (),
                    _ = stop.changed() => return,
                }
            } else {
                has_failed = false;
            }
        }
    }

    /// Passes notifications on, until there was none for [`SILENCE`].
    async fn hear(&self, hints: &Hints) -> Result<(), sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let pool = pool.connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        let listen = listener.listen_all([CHANGED, ACKNOWLEDGED]);
        let late = |_| sqlx::Error::PoolTimedOut;
        tokio::time::timeout(PATIENCE, listen).await.map_err(late)??;
        self.is_listening.store(true, Ordering::Relaxed);
        // What was announced before is looked for now.
        hints.all();
        loop {
            match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                Err(_) => return Ok(()),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(Some(heard))) if heard.channel() == CHANGED => hints.changed(),
                Ok(Ok(Some(_))) => {
                    hints.acknowledged.send_replace(());
                }
                // The connection was lost, and is open again.
                Ok(Ok(None)) => hints.all(),
            }
        }
    }
}
