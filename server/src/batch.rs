//! Work that costs about the same for one as for many: those who come while a round is under
//! way shares the next one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

const ROUND: usize = 256;

/// Those who wait for the next round. Cheap to clone.
pub struct Batch<T, R>(Arc<Mutex<State<T, R>>>);

struct State<T, R> {
    waiting: Vec<(T, oneshot::Sender<R>)>,
    is_running: bool,
}

impl<T: Send + 'static, R: Send + 'static> Batch<T, R> {
    /// Does `work` for this item and all that wait with it, and gives the answer for this
    /// one; `work` answers in the order of its items. `None` when it panicked. It goes on
    /// when the caller no longer waits, since others may.
    pub async fn run<W>(&self, item: T, work: W) -> Option<R>
    where
        W: Fn(Vec<T>) -> BoxFuture<'static, Vec<R>> + Send + Sync + 'static,
    {
        let (done, answer) = oneshot::channel();
        if self.wait((item, done)) {
            tokio::spawn(Running { batch: self.clone(), has_ended: false }.rounds(work));
        }
        answer.await.ok()
    }

    fn wait(&self, waiting: (T, oneshot::Sender<R>)) -> bool {
        let mut state = self.lock();
        state.waiting.push(waiting);
        !std::mem::replace(&mut state.is_running, true)
    }

    /// The next round, if anybody waits; otherwise nobody is at work from now on.
    fn next(&self) -> Option<(Vec<T>, Vec<oneshot::Sender<R>>)> {
        let mut state = self.lock();
        let number = state.waiting.len().min(ROUND);
        state.is_running = number > 0;
        (number > 0).then(|| state.waiting.drain(..number).unzip())
    }
}

impl<T, R> Batch<T, R> {
    fn lock(&self) -> MutexGuard<'_, State<T, R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Running<T, R> {
    batch: Batch<T, R>,
    has_ended: bool,
}

impl<T: Send + 'static, R: Send + 'static> Running<T, R> {
    async fn rounds<W>(mut self, work: W)
    where
        W: Fn(Vec<T>) -> BoxFuture<'static, Vec<R>> + Send + Sync + 'static,
    {
        while let Some((items, done)) = self.batch.next() {
            let answers = work(items).await;
            for (done, answer) in done.into_iter().zip(answers) {
                // Who no longer waits has left.
                let _ = done.send(answer);
            }
        }
        self.has_ended = true;
    }
}

impl<T, R> Drop for Running<T, R> {
    /// The work panicked: those who wait get no answer, and the next round begins.
    fn drop(&mut self) {
        if !self.has_ended {
            let mut state = self.batch.lock();
            state.waiting.clear();
            state.is_running = false;
        }
    }
}

impl<T, R> Clone for Batch<T, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, R> Default for Batch<T, R> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { waiting: Vec::new(), is_running: false })))
    }
}

impl<T, R> fmt::Debug for Batch<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("waiting", &self.lock().waiting.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn those_who_come_during_a_round_share_the_next() {
        let batch = Batch::<usize, (usize, usize)>::default();
        let (gate, rounds) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let run = |n: usize| {
            let (batch, gate, rounds) = (batch.clone(), gate.clone(), rounds.clone());
            tokio::spawn(async move {
                let work = move |items: Vec<usize>| -> BoxFuture<'static, Vec<(usize, usize)>> {
                    let (gate, round) = (gate.clone(), rounds.fetch_add(1, Ordering::SeqCst));
                    Box::pin(async move {
                        if round == 0 {
                            gate.notified().await;
                        }
                        items.into_iter().map(|item| (round, item)).collect()
                    })
                };
                batch.run(n, work).await.unwrap()
            })
        };
        let first = run(0);
        while rounds.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let later: Vec<_> = (1..=ROUND + 10).map(run).collect();
        // One leaves before it is answered.
        let gone = run(9_999);
        while batch.lock().waiting.len() < ROUND + 11 {
            tokio::task::yield_now().await;
        }
        gone.abort();
        gate.notify_one();
        assert_eq!(first.await.unwrap(), (0, 0));
        for (n, answer) in join_all(later).await.into_iter().enumerate() {
            let round = if n < ROUND { 1 } else { 2 };
            assert_eq!(answer.unwrap(), (round, n + 1));
        }
    }

    #[tokio::test]
    async fn a_round_that_panics_is_told_and_the_next_begins_anew() {
        let batch = Batch::<u8, u8>::default();
        let work = |items: Vec<u8>| -> BoxFuture<'static, Vec<u8>> {
            Box::pin(async move {
                assert_ne!(items[0], 0, "a panic that this test wants");
                items
            })
        };
        // Those who wait while it panics get no answer either.
        let (first, second) = tokio::join!(batch.run(0, work), batch.run(2, work));
        assert_eq!((first, second), (None, None));
        assert_eq!(batch.run(1, work).await, Some(1));
    }
}
