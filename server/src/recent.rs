//! The last answer to a question that anybody may ask, for a short time.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Clock;

/// How long an answer is given again. Short, since a database that went away must be seen.
const LIFE: Duration = Duration::from_millis(250);

/// Asks at most once at a time, and at most once in `LIFE`, however many want to know: they
/// wait for the answer to the one question.
#[derive(Debug)]
pub struct Recent<T> {
    /// When it was answered, and what. Held while it is asked.
    last: Mutex<Option<(Duration, T)>>,
    clock: Clock,
}

impl<T: Clone> Recent<T> {
    pub fn new(clock: Clock) -> Self {
        Self { last: Mutex::new(None), clock }
    }

    /// The last answer, or that of `ask` when there is none that is recent.
    pub async fn get(&self, ask: impl AsyncFnOnce() -> T) -> T {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && self.clock.monotonic().saturating_sub(*at) < LIFE
        {
            return answer.clone();
        }
        let answer = ask().await;
        *last = Some((self.clock.monotonic(), answer.clone()));
        answer
    }

    /// Forgets the answer, also one that is on its way: what it was about has changed.
    pub async fn forget(&self) {
        *self.last.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use time::OffsetDateTime;

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_or_soon_after_cost_one_question() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let (recent, asked) = (Recent::new(clock.clone()), Cell::new(0));
        let get = || {
            recent.get(async || {
                tokio::task::yield_now().await;
                asked.update(|asked| asked + 1);
                asked.get()
            })
        };
        assert_eq!(join_all((0..100).map(|_| get())).await, [1; 100]);
        clock.advance(LIFE.saturating_sub(Duration::from_micros(1)));
        assert_eq!(get().await, 1);
        clock.advance(Duration::from_micros(1));
        assert_eq!(get().await, 2);
        recent.forget().await;
        assert_eq!(get().await, 3);
    }

    #[tokio::test]
    async fn one_who_hangs_up_leaves_the_question_to_the_next() {
        let recent = Recent::new(Clock::manual(OffsetDateTime::UNIX_EPOCH));
        assert_eq!(recent.get(std::future::pending::<u8>).now_or_never(), None);
        assert_eq!(recent.get(async || 2).await, 2);
    }
}
