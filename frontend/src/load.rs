//! What is fetched, and which of its states is shown.

use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::problem::LoadFailed;
use crate::erased::memo;

/// What is shown of something that is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Loading,
    Failed,
    Empty,
    /// Rows exist, but none matches the filters.
    NoMatch,
    Ready,
}

/// The outcome of a request so far.
#[derive(Clone, Copy)]
pub struct Load {
    state: RwSignal<Option<Result<(), ClientError>>>,
}

impl Load {
    /// No request yet.
    pub fn new() -> Self {
        Self { state: RwSignal::new(None) }
    }

    /// What is shown stays until the answer is here, unless it is a failure.
    pub fn begin(self) {
        if !self.is_ready() {
            self.state.set(None);
        }
    }

    /// To be called when the answer is stored: after this, it is shown.
    pub fn end(self, answer: Result<(), ClientError>) {
        drop(self.state.try_set(Some(answer)));
    }

    pub fn is_ready(self) -> bool {
        // Read after a request as well, when the page may be gone.
        self.state.try_read_untracked().is_some_and(|state| matches!(*state, Some(Ok(()))))
    }

    pub fn failure(self) -> Option<ClientError> {
        self.state.get()?.err()
    }

    pub fn failed(self, title: &'static str, retry: impl Fn() + Send + Sync + 'static) -> AnyView {
        match self.failure() {
            Some(error) => view! { <LoadFailed title error retry=move |()| retry()/> }.into_any(),
            None => ().into_any(),
        }
    }

    /// A memo, so that a change of one row draws no list again.
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
