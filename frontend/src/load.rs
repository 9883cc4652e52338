//! What is fetched, and which of its states is shown.

use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::problem::LoadFailed;
use crate::erased::memo;

/// Loading, failed and empty are different things to a person, so they are to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The request is under way, for the first time or again after a failure.
    Loading,
    /// The request failed; nothing is known.
    Failed,
    /// There is nothing.
    Empty,
    /// There is something, but nothing that was looked for.
    NoMatch,
    /// There is something to show.
    Ready,
}

/// How a request has come out so far.
#[derive(Clone, Copy)]
pub struct Load {
    state: RwSignal<Option<Result<(), ClientError>>>,
}

impl Load {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self { state: RwSignal::new(None) }
    }

    /// The request is under way, after one that failed or for the first time. What is
    /// shown stays until the answer is here.
    pub fn begin(self) {
        if !self.is_ready() {
            self.state.set(None);
        }
    }

    /// The answer is here and stored: after this, it is shown. The page may have been left
    /// meanwhile.
    pub fn end(self, answer: Result<(), ClientError>) {
        drop(self.state.try_set(Some(answer)));
    }

    /// Whether there is an answer.
    pub fn is_ready(self) -> bool {
        // Asked after a request as well, when the page may have been left.
        self.state.try_read_untracked().is_some_and(|state| matches!(*state, Some(Ok(()))))
    }

    /// Why there is none.
    pub fn failure(self) -> Option<ClientError> {
        self.state.get()?.err()
    }

    /// The failure as the page shows it, with a way to try again.
    pub fn failed(self, title: &'static str, retry: impl Fn() + Send + Sync + 'static) -> AnyView {
        match self.failure() {
            Some(error) => view! { <LoadFailed title error retry=move |()| retry()/> }.into_any(),
            None => ().into_any(),
        }
    }

    /// What to show of a list. A memo, so that a change of one row draws no list again.
    pub fn shown(
        self,
        is_empty: impl Fn() -> bool + Send + Sync + 'static,
        has_match: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Memo<Shown> {
        memo(move || match &*self.state.read() {
            None => Shown::Loading,
            Some(Err(_)) => Shown::Failed,
            Some(Ok(())) if is_empty() => Shown::Empty,
            Some(Ok(())) if !has_match() => Shown::NoMatch,
            Some(Ok(())) => Shown::Ready,
        })
    }
}
