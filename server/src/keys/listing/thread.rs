//! The one thread that walks the list. Its work takes milliseconds without a pause, which
//! would hold up the verifications on a worker of the runtime; and as there is one of it, and
//! it has a low priority, any number of clients that list leave the processors to them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::sync::{mpsc, oneshot};

/// What `nice` calls a priority at which a thread gets about a tenth of a processor that
/// others want as well, and all of one that they do not.
const NICENESS: i32 = 10;

/// So many may wait for their turn; more wait for room.
const WAITING: usize = 64;

type Work = Box<dyn FnOnce() + Send>;

pub struct ListThread(mpsc::Sender<Work>);

impl ListThread {
    pub fn start() -> std::io::Result<Self> {
        let (sender, mut receiver) = mpsc::channel::<Work>(WAITING);
        thread::Builder::new().name("lists".into()).spawn(move || {
            // On Linux, of this thread alone.
            if let Err(error) = rustix::process::nice(NICENESS) {
                tracing::warn!(%error, "lists have the priority of verifications");
            }
            while let Some(work) = receiver.blocking_recv() {
                // The sender that is dropped ends the wait.
                drop(catch_unwind(AssertUnwindSafe(work)));
            }
        })?;
        Ok(Self(sender))
    }

    /// Does this when its turn has come; `None` when it panicked. What nobody waits for any
    /// more is left out.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, answer) = oneshot::channel();
        let work = move || {
            if !done.is_closed() {
                let _ = done.send(work());
            }
        };
        self.0.send(Box::new(work)).await.ok()?;
        answer.await.ok()
    }
}
