//! One question for all who ask at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Asks at most once at a time. Each gets an answer to a question that was asked after they came, so
/// it is as fresh as one of their own, and many who ask at once cost about two questions.
#[derive(Debug)]
pub struct Joined<T> {
    came: AtomicU64,
    /// How many had come when the last question was asked, and its answer. Held while it is asked.
    last: Mutex<Option<(u64, T)>>,
}

impl<T> Default for Joined<T> {
    fn default() -> Self {
        Self { came: AtomicU64::new(0), last: Mutex::new(None) }
    }
}

impl<T: Clone> Joined<T> {
    /// The answer of `ask`, asked by this caller or by another one since this one came.
    pub async fn get(&self, ask: impl AsyncFnOnce() -> T) -> T {
        let place = self.came.fetch_add(1, Ordering::SeqCst) + 1;
        let mut last = self.last.lock().await;
        if let Some((asked_for, answer)) = &*last
            && *asked_for >= place
        {
            return answer.clone();
        }
        let asked_for = self.came.load(Ordering::SeqCst);
        let answer = ask().await;
        *last = Some((asked_for, answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt;
    use futures_util::future::{join, join_all};

    use super::*;

    #[tokio::test]
    async fn those_who_came_before_the_question_share_it_and_those_after_do_not() {
        let (joined, asked) = (Joined::default(), Cell::new(0));
        let get = || {
            joined.get(async || {
                asked.update(|asked| asked + 1);
                let asked = asked.get();
                tokio::task::yield_now().await;
                asked
            })
        };
        // The first asks at once, and so for itself alone; the others came while it waited.
        let (first, others) = join(get(), join_all((0..100).map(|_| get()))).await;
        assert_eq!((first, others), (1, vec![2; 100]));
        assert_eq!(get().await, 3);
        assert_eq!(get().await, 4);
    }

    #[tokio::test]
    async fn one_who_hangs_up_leaves_the_question_to_the_next() {
        let joined = Joined::default();
        assert_eq!(joined.get(std::future::pending::<u8>).now_or_never(), None);
        assert_eq!(joined.get(async || 2).await, 2);
    }
}
