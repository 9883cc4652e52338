//! The list of keys as the page holds it, and what may be done to it. Every change is
//! made here only after the server has said so.

use keyward_api::keys::{ApiKey, CreateApiKey, UpdateApiKey};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::clock;
use crate::hub::{Hub, hub};
use crate::keys::filter::Filter;
use crate::keys::table::Editing;
use crate::load::Load;
use crate::once::{focus, memo};
use crate::routes;

/// The keys of the section.
#[derive(Clone, Copy)]
pub struct Keys {
    /// Whether the list is here.
    pub load: Load,
    /// What the server answered, changed by what it answered since.
    pub list: RwSignal<Vec<ApiKey>>,
    /// The text that the person looks for; the address is its only home.
    pub text: Memo<String>,
    /// The status that the person looks for, likewise.
    pub status: Memo<String>,
    /// The ids of the keys that are shown, in their order.
    pub visible: Memo<Vec<String>>,
    /// The key whose deletion waits for the second activation.
    pub armed: RwSignal<Option<String>>,
    /// The keys whose deletion is under way.
    pub deleting: RwSignal<Vec<String>>,
    /// What a dialog is about to change.
    pub editing: RwSignal<Option<Editing>>,
    /// The button that opens the form, for whatever leaves the focus without a home.
    pub add_button: NodeRef<html::Button>,
    hub: Hub,
}

impl Keys {
    /// A store that has asked the server for the list.
    pub fn load_from_server() -> Self {
        let hub = hub();
        let list = RwSignal::new(Vec::<ApiKey>::new());
        let (text, status) = (routes::query_value("q"), routes::query_value("status"));
        let visible = memo(move || {
            let filter = Filter::from_query(text.get(), &status.read());
            let (now, list) = (hub.now.get(), list.read());
            let found = list.iter().filter(|key| filter.matches(key, now));
            found.map(|key| key.id.clone()).collect()
        });
        let keys = Self {
            load: Load::new(),
            list,
            text,
            status,
            visible,
            armed: RwSignal::new(None),
            deleting: RwSignal::new(Vec::new()),
            editing: RwSignal::new(None),
            add_button: NodeRef::new(),
            hub,
        };
        keys.reload();
        keys
    }

    /// Asks for the list again. A list that is shown stays until the answer is here.
    pub fn reload(self) {
        self.load.begin();
        spawn_local(async move {
            let answer = self.hub.client.keys().await;
            self.load.end(answer.map(|mut keys| {
                newest_first(&mut keys);
                self.update(|list| *list = keys);
            }));
        });
    }

    /// What the person looks for.
    pub fn filter(self) -> Filter {
        Filter::from_query(self.text.get(), &self.status.read())
    }

    /// The focus goes to the button that opens the form, once the page is drawn anew.
    pub fn focus_add_button(self) {
        request_animation_frame(move || focus(self.add_button.get_untracked().as_deref()));
    }

    /// One key. A row that is about to go may ask for one that is not in the list.
    pub fn get(self, id: &str) -> Option<ApiKey> {
        self.list.read().iter().find(|key| key.id == id).cloned()
    }

    /// Creates a key; its banner is the answer.
    pub async fn create(self, key: &CreateApiKey) -> Result<(), ClientError> {
        let created = self.hub.client.create_key(key).await?;
        self.update(|list| {
            list.retain(|old| old.id != created.record.id);
            list.insert(0, created.record.clone());
        });
        let owner = untrack(|| self.hub.session.user()).map(|user| user.user_id);
        self.hub.new_keys.add(created, owner.unwrap_or_default());
        Ok(())
    }

    /// Changes a key and says `done`.
    pub async fn change(
        self,
        id: &str,
        update: &UpdateApiKey,
        done: fn(&ApiKey) -> String,
    ) -> Result<(), ClientError> {
        let changed = self.hub.client.update_key(id, update).await?;
        self.hub.toasts.success(done(&changed));
        self.update(|list| {
            list.iter_mut().filter(|key| key.id == id).for_each(|key| key.clone_from(&changed));
        });
        Ok(())
    }

    /// Refuses a key from now on, or accepts it again.
    pub fn set_enabled(self, key: ApiKey, enabled: bool) {
        let update = UpdateApiKey { enabled: Some(enabled), ..UpdateApiKey::default() };
        let word = if enabled { "enabled" } else { "disabled" };
        let done: fn(&ApiKey) -> String = |key| {
            let word = if key.enabled { "enabled" } else { "disabled" };
            format!("\u{201c}{}\u{201d} {word}", key.name)
        };
        spawn_local(async move {
            if let Err(error) = self.change(&key.id, &update, done).await {
                let text = format!(
                    "\u{201c}{}\u{201d} was not {word}. {}",
                    key.name,
                    error.full_message()
                );
                self.hub.toasts.error(text);
            }
        });
    }

    /// Deletes a key, then runs `gone`. The row stays until the server has answered, and
    /// when it refuses.
    pub fn delete(self, key: ApiKey, gone: Box<dyn FnOnce()>) {
        if self.deleting.read_untracked().contains(&key.id) {
            return;
        }
        self.armed.set(None);
        self.deleting.update(|ids| ids.push(key.id.clone()));
        spawn_local(async move {
            let answer = self.hub.client.delete_key(&key.id).await;
            let _ = self.deleting.try_update(|ids| ids.retain(|id| *id != key.id));
            match answer {
                Ok(()) => {
                    self.update(|list| list.retain(|other| other.id != key.id));
                    self.hub.toasts.success(format!("\u{201c}{}\u{201d} deleted", key.name));
                    gone();
                }
                Err(error) => {
                    let why = error.full_message();
                    self.hub
                        .toasts
                        .error(format!("\u{201c}{}\u{201d} was not deleted. {why}", key.name));
                }
            }
        });
    }

    /// A record has arrived that was made since the last tick of the clock. The page may
    /// have been left while the request was under way.
    fn update(self, change: impl FnOnce(&mut Vec<ApiKey>)) {
        self.hub.now.set(clock::read());
        self.list.try_update(change);
    }
}

/// The key somebody has just made is the one they look for.
fn newest_first(keys: &mut [ApiKey]) {
    keys.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
}
