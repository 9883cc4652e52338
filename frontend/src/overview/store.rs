//! The answer of the server, fetched again each minute while the page is open.

use std::time::Duration;

use keyward_api::overview::{Attention, AttentionKind, Overview, Severity};
use keyward_api::roles::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::context::{Context, context};
use crate::erased::memo;
use crate::load::Load;

const AGAIN: Duration = Duration::from_mins(1);

#[derive(Clone, Copy)]
pub struct OverviewStore {
    pub load: Load,
    pub data: RwSignal<Option<Overview>>,
    /// Whether no key was ever used, as far as it is known: then the way to the first call is
    /// shown, and stays until the page is left.
    pub is_first_run: RwSignal<bool>,
    /// Why what is shown is older than a minute; none when it is not.
    pub stale: RwSignal<Option<String>>,
    pub context: Context,
}

impl OverviewStore {
    pub fn load_from_server() -> Self {
        let store = Self {
            load: Load::new(),
            data: RwSignal::new(None),
            is_first_run: RwSignal::new(false),
            stale: RwSignal::new(None),
            context: context(),
        };
        store.fetch();
        let again = set_interval_with_handle(move || store.fetch(), AGAIN).ok();
        on_cleanup(move || _ = again.map(|again| again.clear()));
        store
    }

    pub fn fetch(self) {
        self.load.begin();
        spawn_local(async move {
            let answer = self.context.client.overview().await;
            if let Ok(overview) = &answer {
                self.look_for_first_run(overview).await;
            }
            // What is shown stays when it cannot be renewed. The page may be gone.
            let has_data = self.data.try_with_untracked(Option::is_some) == Some(true);
            self.stale.try_set(answer.as_ref().err().map(ClientError::full_message));
            if answer.is_err() && has_data {
                return;
            }
            self.load.end(answer.map(|overview| {
                let mut overview = overview;
                if !untrack(|| self.context.session.may(Role::Admin)) {
                    overview.attention.retain(|item| item.kind != AttentionKind::KeepRootKey);
                }
                let urgent = overview.attention.iter().filter(|item| is_urgent(item)).count();
                self.context.attention.set(urgent);
                drop(self.data.try_set(Some(overview)));
            }));
        });
    }

    /// A day with an accepted key needs no second question.
    async fn look_for_first_run(self, overview: &Overview) {
        if overview.verifications.iter().any(|hour| hour.accepted > 0) {
            return;
        }
        let last = self.context.client.last_used_key().await;
        if last.is_ok_and(|key| key.is_none_or(|key| key.last_used_at.is_none())) {
            self.is_first_run.try_set(true);
        }
    }

    /// Part of the answer; the default until it is here. A memo, so that an answer that says the
    /// same draws nothing again.
    pub fn part<T>(self, part: fn(&Overview) -> T) -> Memo<T>
    where
        T: Default + PartialEq + Send + Sync + 'static,
    {
        memo(move || self.data.read().as_ref().map(part).unwrap_or_default())
    }
}

/// Whether it needs a person, as opposed to being worth knowing.
pub fn is_urgent(item: &Attention) -> bool {
    item.severity != Severity::Notice
}
