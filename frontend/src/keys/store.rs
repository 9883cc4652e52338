//! The list of keys as the page holds it, and what may be done to it. Every change is
//! made here only after the server has said so.

use keyward_api::keys::{ApiKey, CreateApiKey, UpdateApiKey};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::{Client, ClientError};
use crate::clock::{self, Now};
use crate::components::toast::Toasts;
use crate::keys::filter::Filter;
use crate::keys::new_keys::NewKeys;
use crate::load::Load;
use crate::routes;
use crate::session::state::SessionState;

/// The keys of the section.
#[derive(Clone, Copy)]
pub struct Keys {
    /// What the server answered, changed by what it answered since.
    pub list: RwSignal<Load<Vec<ApiKey>>>,
    /// What the person looks for; the address is its only home.
    pub filter: Memo<Filter>,
    /// The ids of the keys that are shown, in their order.
    pub visible: Memo<Vec<String>>,
    /// The key whose deletion waits for the second activation.
    pub armed: RwSignal<Option<String>>,
    /// The keys whose deletion is under way.
    pub deleting: RwSignal<Vec<String>>,
    now: Option<Now>,
    client: Client,
    session: SessionState,
    shown_once: NewKeys,
    toasts: Toasts,
}

impl Keys {
    /// A store that has asked the server for the list.
    pub fn load_from_server() -> Self {
        let now = clock::now();
        let list = RwSignal::new(Load::<Vec<ApiKey>>::Loading);
        let (text, status) = (routes::query_value("q"), routes::query_value("status"));
        let filter = Memo::new(move |_| Filter::from_query(text.get(), status.read().as_deref()));
        let visible = Memo::new(move |_| {
            let (filter, now, list) = (filter.read(), now.get(), list.read());
            let keys = list.ready().into_iter().flatten();
            keys.filter(|key| filter.matches(key, now)).map(|key| key.id.clone()).collect()
        });
        let keys = Self {
            list,
            filter,
            visible,
            armed: RwSignal::new(None),
            deleting: RwSignal::new(Vec::new()),
            now: use_context(),
            client: expect_context(),
            session: expect_context(),
            shown_once: expect_context(),
            toasts: expect_context(),
        };
        keys.reload();
        keys
    }

    /// Asks for the list again. A list that is shown stays until the answer is here.
    pub fn reload(self) {
        if self.list.read_untracked().ready().is_none() {
            self.list.set(Load::Loading);
        }
        spawn_local(async move {
            match self.client.keys().await {
                Ok(mut keys) => {
                    newest_first(&mut keys);
                    clock::renew(self.now);
                    drop(self.list.try_set(Load::Ready(keys)));
                }
                Err(error) => drop(self.list.try_set(Load::Failed(error))),
            }
        });
    }

    /// One key. A row that is about to go may ask for one that is not in the list.
    pub fn get(self, id: &str) -> Option<ApiKey> {
        self.list.read().ready()?.iter().find(|key| key.id == id).cloned()
    }

    /// Creates a key; its banner is the answer.
    pub async fn create(self, key: &CreateApiKey) -> Result<(), ClientError> {
        let created = self.client.create_key(key).await?;
        self.update(|list| {
            list.retain(|old| old.id != created.record.id);
            list.insert(0, created.record.clone());
        });
        let owner = untrack(|| self.session.user()).map(|user| user.user_id);
        self.shown_once.add(created, owner.unwrap_or_default());
        Ok(())
    }

    /// Changes a key and says `done`.
    pub async fn change(
        self,
        id: &str,
        update: &UpdateApiKey,
        done: impl FnOnce(&ApiKey) -> String,
    ) -> Result<(), ClientError> {
        let changed = self.client.update_key(id, update).await?;
        self.toasts.success(done(&changed));
        self.update(|list| {
            list.iter_mut().filter(|key| key.id == id).for_each(|key| key.clone_from(&changed));
        });
        Ok(())
    }

    /// Refuses a key from now on, or accepts it again.
    pub fn set_enabled(self, key: ApiKey, enabled: bool) {
        let update = UpdateApiKey { enabled: Some(enabled), ..UpdateApiKey::default() };
        let word = if enabled { "enabled" } else { "disabled" };
        spawn_local(async move {
            let done = |key: &ApiKey| format!("\u{201c}{}\u{201d} {word}", key.name);
            if let Err(error) = self.change(&key.id, &update, done).await {
                let text = format!(
                    "\u{201c}{}\u{201d} was not {word}. {}",
                    key.name,
                    error.full_message()
                );
                self.toasts.error(text);
            }
        });
    }

    /// Deletes a key, then runs `gone`. The row stays until the server has answered, and
    /// when it refuses.
    pub fn delete(self, key: ApiKey, gone: impl FnOnce() + 'static) {
        if self.deleting.read_untracked().contains(&key.id) {
            return;
        }
        self.armed.set(None);
        self.deleting.update(|ids| ids.push(key.id.clone()));
        spawn_local(async move {
            let answer = self.client.delete_key(&key.id).await;
            let _ = self.deleting.try_update(|ids| ids.retain(|id| *id != key.id));
            match answer {
                Ok(_) => {
                    self.update(|list| list.retain(|other| other.id != key.id));
                    self.toasts.success(format!("\u{201c}{}\u{201d} deleted", key.name));
                    gone();
                }
                Err(error) => {
                    let why = error.full_message();
                    self.toasts
                        .error(format!("\u{201c}{}\u{201d} was not deleted. {why}", key.name));
                }
            }
        });
    }

    fn update(self, change: impl FnOnce(&mut Vec<ApiKey>)) {
        clock::renew(self.now);
        // The page may have been left while the request was under way.
        self.list.try_update(|list| list.ready_mut().map(change));
    }
}

/// The key somebody has just made is the one they look for.
fn newest_first(keys: &mut [ApiKey]) {
    keys.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
}
