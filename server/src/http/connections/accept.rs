use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::answer::Watched;
use super::limits::Limits;
use super::stream::Stream;
use super::watch::{Order, Shared, Watch};
use crate::http::service::{ConnectionService, MakeService};

/// Bytes of a head that are always read (fewer than twice as many are at most), and of an
/// answer that the client has not taken yet. hyper's own limit is 400 KB, which 10 000
/// connections would make 4 GB.
const BUFFER: usize = 64 * 1024;

/// After an error of `accept` that will come again at once.
const PAUSE: Duration = Duration::from_millis(10);

/// Between two lines of the log about the same trouble.
const QUIET: Duration = Duration::from_secs(1);

/// Serves until `stop` is ready; then takes no more connections, and returns when the
/// requests in flight are answered. Dropped, it closes every connection.
pub async fn serve(
    listener: TcpListener,
    service: MakeService,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let mut open = Open::new(service, limits);
    let mut pace = interval(limits.pace());
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    loop {
        let has_room = open.has_room();
        tokio::select! {
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, peer)) => open.add(stream, peer),
                Err(error) => open.survive(error).await,
            },
            Some(ended) = open.tasks.join_next_with_id() => open.forget(ended),
            now = pace.tick() => open.sweep(now),
            () = &mut stop => break,
        }
    }
    drop(listener);
    open.finish();
    loop {
        tokio::select! {
            ended = open.tasks.join_next_with_id() => match ended {
                Some(ended) => open.forget(ended),
                None => return,
            },
            now = pace.tick() => open.sweep(now),
        }
    }
}

struct Open {
    service: MakeService,
    limits: Limits,
    start: Instant,
    shared: Arc<Shared>,
    accepted: u64,
    tasks: JoinSet<()>,
    /// Those that are neither ended nor asked to end.
    watches: HashMap<Id, Arc<Watch>>,
    last_line: Option<Instant>,
}

impl Open {
    fn new(service: MakeService, limits: Limits) -> Self {
        let (shared, tasks, watches) = <(Arc<Shared>, JoinSet<()>, HashMap<_, _>)>::default();
        let (start, accepted, last_line) = (Instant::now(), 0, None);
        Self { service, limits, start, shared, accepted, tasks, watches, last_line }
    }

    fn is_full(&self) -> bool {
        self.watches.len() >= self.limits.connections
    }

    fn has_room(&self) -> bool {
        !self.is_full() || self.watches.values().any(|watch| watch.rank(&self.limits).is_some())
    }

    fn add(&mut self, stream: TcpStream, peer: SocketAddr) {
        if self.is_full() {
            let closed = self.make_room();
            if self.may_log() {
                let limit = self.limits.connections;
                tracing::warn!(limit, closed, "too many connections: idle ones are closed");
            }
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let watch = Arc::new(Watch::new(self.shared.clone(), self.accepted));
        self.accepted += 1;
        let connection = self.service.connection(peer);
        let task = self.tasks.spawn(run(stream, connection, watch.clone()));
        self.watches.insert(task.id(), watch);
    }

    /// Closes a few of those that nobody needs, the oldest first: so many at once that the
    /// search does not cost every new connection a look at all others.
    fn make_room(&mut self) -> usize {
        let rank = |(id, watch): (&Id, &Arc<Watch>)| {
            let (rank, seen) = watch.rank(&self.limits)?;
            Some((rank, *id, seen))
        };
        let before = self.watches.len();
        let mut ranked: Vec<_> = self.watches.iter().filter_map(rank).collect();
        ranked.sort_unstable_by_key(|(rank, ..)| *rank);
        for (_, id, seen) in ranked.into_iter().take((before / 64).max(1)) {
            if self.watches.get(&id).is_some_and(|watch| watch.close(seen)) {
                self.watches.remove(&id);
            }
        }
        before - self.watches.len()
    }

    async fn survive(&mut self, error: io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        // Of one client that went away: the next one may be taken at once.
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        // Mostly that no file is left.
        let closed = self.make_room();
        if self.may_log() {
            tracing::error!(%error, closed, "no connection can be accepted; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }

    fn may_log(&mut self) -> bool {
        let is_quiet = self.last_line.is_some_and(|last| last.elapsed() < QUIET);
        if !is_quiet {
            self.last_line = Some(Instant::now());
        }
        !is_quiet
    }

    fn sweep(&mut self, now: Instant) {
        let millis = now.saturating_duration_since(self.start).as_millis();
        self.shared.now.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Relaxed);
        let slack = u64::try_from(self.limits.pace().as_millis()).unwrap_or(0);
        self.watches.retain(|_, watch| !watch.close_overdue(&self.limits, slack));
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.watches.remove(&id);
    }

    fn finish(&self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        self.watches.values().for_each(|watch| watch.wake());
    }
}

async fn run(stream: TcpStream, connection: ConnectionService, watch: Arc<Watch>) {
    let io = TokioIo::new(Stream::new(stream, watch.clone()));
    let service = Watched::new(connection, watch.clone());
    // Time limits are those of the sweep, so hyper gets no timer.
    let serving = http1::Builder::new().max_buf_size(BUFFER).serve_connection(io, service);
    let mut serving = pin!(serving);
    let mut is_finishing = false;
    let ended = std::future::poll_fn(|cx| {
        match watch.order(cx.waker()) {
            Order::Close => return Poll::Ready(Ok(())),
            Order::Finish if !is_finishing => {
                is_finishing = true;
                serving.as_mut().graceful_shutdown();
            }
            Order::Finish | Order::GoOn => (),
        }
        serving.as_mut().poll(cx)
    });
    if let Err(error) = ended.await {
        tracing::trace!(%error, "a connection ended early");
    }
}
