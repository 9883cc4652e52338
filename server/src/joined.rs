//! One question for all who ask at the same time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

type Answer<T> = Shared<BoxFuture<'static, T>>;

/// Asks at most once at a time. Each gets an answer to a question that was asked after they came, so
/// it is as fresh as one of their own, and many who ask at once cost about two questions. The answer
/// wakes all of them together: in turn, each would wait for the wake-up of the one before.
pub struct Joined<T: Clone>(Arc<Mutex<Last<T>>>);

/// The question that was put last. Weak: it is held by those who wait for it, and dropped with what
/// it uses, such as a connection, when all of them hang up.
struct Last<T: Clone> {
    answer: Option<WeakShared<BoxFuture<'static, T>>>,
    /// Who comes after it was asked needs another one.
    is_asked: bool,
}

impl<T: Clone> Default for Joined<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Last { answer: None, is_asked: false })))
    }
}

impl<T: Clone + Send + Sync + 'static> Joined<T> {
    /// The answer of `ask`, asked by this caller or by another one since this one came.
    pub async fn get<F>(&self, ask: impl FnOnce() -> F + Send + 'static) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        let answer = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let before = last.answer.as_ref().and_then(WeakShared::upgrade);
            match before {
                Some(answer) if !last.is_asked => answer,
                before => {
                    let answer = self.after(before, ask);
                    *last = Last { answer: answer.downgrade(), is_asked: false };
                    answer
                }
            }
        };
        answer.await
    }

    /// Asks once the question `before` is answered.
    fn after<F>(
        &self,
        before: Option<Answer<T>>,
        ask: impl FnOnce() -> F + Send + 'static,
    ) -> Answer<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let last = self.0.clone();
        let question = async move {
            if let Some(before) = before {
                before.await;
            }
            last.lock().unwrap_or_else(PoisonError::into_inner).is_asked = true;
            ask().await
        };
        question.boxed().shared()
    }
}

impl<T: Clone> fmt::Debug for Joined<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::time::Duration;

    use futures_util::FutureExt;
    use futures_util::future::{join, join_all};

    use super::*;

    #[tokio::test]
    async fn those_who_came_before_the_question_share_it_and_those_after_do_not() {
        let (joined, asked) = (Joined::default(), Arc::new(AtomicU8::new(0)));
        let get = || {
            let asked = asked.clone();
            joined.get(move || async move {
                let asked = asked.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::time::sleep(Duration::from_millis(1)).await;
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
        assert_eq!(joined.get(|| async { 2 }).await, 2);
    }

    #[tokio::test]
    async fn one_who_hangs_up_leaves_the_answer_to_who_waits_behind() {
        let joined = Joined::default();
        let (answer, question) = tokio::sync::oneshot::channel();
        let mut first = joined.get(move || question.map(Result::unwrap)).boxed();
        assert_eq!((&mut first).now_or_never(), None);
        let mut second = joined.get(|| async { 2 }).boxed();
        assert_eq!((&mut second).now_or_never(), None);
        drop(first);
        answer.send(1).unwrap();
        assert_eq!(second.await, 2);
    }

    #[tokio::test]
    async fn a_question_is_dropped_when_all_hang_up() {
        let joined = Joined::default();
        let (answer, question) = tokio::sync::oneshot::channel::<u8>();
        let get = joined.get(move || question.map(Result::unwrap));
        assert_eq!(get.now_or_never(), None);
        assert!(answer.is_closed());
    }
}
