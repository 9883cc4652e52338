//! The page of keys that is shown, and what may be done to them. Every change is made here
//! only after the server has said so.

use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::{Client, ClientError, created};
use crate::clock;
use crate::context::{Context, context};
use crate::focus::{focus, move_focus};
use crate::http::{Answer, Body, Exchange};
use crate::keys::buttons::menu_button;
use crate::keys::listing::LISTING;
use crate::lists::store::Pages;
use crate::text::quoted;

const CREATED: &str = "API key created. Copy it now; you won't be able to see it again.";
pub const ROTATED: &str = "API key rotated. Copy it now; you won't be able to see it again.";

/// With the key as it was when the dialog was opened.
#[derive(Clone)]
pub enum DialogRequest {
    Rename(ApiKey),
    ChangeExpiry(ApiKey),
    ChangeLimits(ApiKey),
    Rotate(ApiKey),
}

#[derive(Clone, Copy)]
pub struct Keys {
    pub pages: Pages,
    /// The server's answer, changed by later answers.
    pub list: RwSignal<Vec<ApiKey>>,
    /// The key whose deletion waits for the second activation.
    pub armed: RwSignal<Option<String>>,
    pub deleting: RwSignal<Vec<String>>,
    /// The keys that are being changed without a dialog.
    pub changing: RwSignal<Vec<String>>,
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// Takes the focus when its element goes and no row is left.
    pub add_button: NodeRef<html::Button>,
    context: Context,
}

impl Keys {
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<ApiKey>::new());
        Self {
            pages: Pages::follow(&LISTING, list, |key| key.id.clone()),
            list,
            armed: RwSignal::new(None),
            deleting: RwSignal::new(Vec::new()),
            changing: RwSignal::new(Vec::new()),
            dialog_request: RwSignal::new(None),
            add_button: NodeRef::new(),
            context: context(),
        }
    }

    pub fn request_dialog(self, request: DialogRequest) {
        self.dialog_request.set(Some(request));
    }

    pub fn client(self) -> Client {
        self.context.client
    }

    /// In the next frame, when the button is enabled again.
    pub fn focus_add_button(self) {
        request_animation_frame(move || focus(self.add_button.get_untracked().as_deref()));
    }

    /// A row that is about to go may read a key that is gone.
    pub fn get(self, id: &str) -> Option<ApiKey> {
        self.list.read().iter().find(|key| key.id == id).cloned()
    }

    /// The banner shows the outcome. The row goes to the top, whatever the filters are.
    pub async fn create(self, key: &CreateApiKey) -> Result<(), ClientError> {
        let body = self.context.client.create_key(key).await?;
        let record = self.show_new_key(body, CREATED)?;
        self.update(|list| list.insert(0, record));
        self.pages.added();
        Ok(())
    }

    /// Shows the banner of a new key, and answers its record.
    pub fn show_new_key(self, body: Body, sentence: &'static str) -> Answer<ApiKey> {
        let CreatedApiKey { record, key } = created(body)?;
        let shown = (record.id.clone(), record.name.clone());
        let owner = untrack(|| self.context.session.user()).map(|user| user.user_id);
        self.context.one_time.add(shown, key, sentence, owner.unwrap_or_default());
        Ok(record)
    }

    /// Stores a key that replaces another.
    pub fn rotated(self, body: Body, sentence: &'static str) -> Answer<()> {
        let record = self.show_new_key(body, sentence)?;
        self.put(record);
        Ok(())
    }

    /// Stores a key that was changed, and says `done`.
    pub fn changed(self, body: Body, done: fn(&ApiKey) -> String) -> Answer<()> {
        self.take(body, done)?;
        spawn_local(self.pages.changed());
        Ok(())
    }

    fn take(self, body: Body, done: fn(&ApiKey) -> String) -> Answer<()> {
        let key = body.data()?;
        self.context.toasts.success(done(&key));
        self.put(key);
        Ok(())
    }

    /// Without a dialog.
    pub fn set_enabled(self, key: &ApiKey, enabled: bool) {
        let update = UpdateApiKey { enabled: Some(enabled), ..UpdateApiKey::default() };
        let failed = format!("{} was not {}.", quoted(&key.name), enabled_or_not(enabled));
        let exchange = self.context.client.update_key(&key.id, &update);
        let done = |key: &ApiKey| format!("{} {}", quoted(&key.name), enabled_or_not(key.enabled));
        self.change(key, exchange, done, failed);
    }

    /// Refuses the key that was replaced from now on.
    pub fn end_overlap(self, key: &ApiKey) {
        let failed = format!("Overlap of {} was not ended.", quoted(&key.name));
        let exchange = self.context.client.end_overlap(&key.id);
        let done = |key: &ApiKey| format!("Overlap of {} ended", quoted(&key.name));
        self.change(key, exchange, done, failed);
    }

    /// Changes a key without a dialog, one change at a time.
    fn change(self, key: &ApiKey, exchange: Exchange, done: fn(&ApiKey) -> String, failed: String) {
        let id = key.id.clone();
        if self.changing.read_untracked().contains(&id) {
            return;
        }
        self.changing.update(|ids| ids.push(id.clone()));
        spawn_local(async move {
            let answer = exchange.await.and_then(|body| self.take(body, done));
            if answer.is_ok() {
                self.pages.changed().await;
            }
            let _ = self.changing.try_update(|ids| ids.retain(|other| *other != id));
            match answer {
                // The button that was pressed may be gone with the overlap.
                Ok(()) => move_focus(Some(menu_button(&id)), self.add_button),
                Err(error) => {
                    self.context.toasts.error(format!("{failed} {}", error.full_message()));
                }
            }
        });
    }

    /// Deletes a key, then runs `gone`. The row stays until the server has answered, and when it
    /// refuses.
    pub fn delete(self, key: ApiKey, gone: Box<dyn FnOnce()>) {
        if self.deleting.read_untracked().contains(&key.id) {
            return;
        }
        self.armed.set(None);
        self.deleting.update(|ids| ids.push(key.id.clone()));
        spawn_local(async move {
            let answer = self.context.client.delete_key(&key.id).await;
            let _ = self.deleting.try_update(|ids| ids.retain(|id| *id != key.id));
            match answer {
                Ok(()) => {
                    self.update(|list| list.retain(|other| other.id != key.id));
                    self.pages.removed();
                    self.context.toasts.success(format!("{} deleted", quoted(&key.name)));
                    gone();
                }
                Err(error) => {
                    let why = error.full_message();
                    self.context
                        .toasts
                        .error(format!("{} was not deleted. {why}", quoted(&key.name)));
                }
            }
        });
    }

    /// Replaces the record of a key.
    fn put(self, record: ApiKey) {
        self.update(|list| {
            if let Some(key) = list.iter_mut().find(|key| key.id == record.id) {
                *key = record;
            }
        });
    }

    /// A record that arrives was made since the last tick of the clock. The page may be gone.
    fn update(self, change: impl FnOnce(&mut Vec<ApiKey>)) {
        self.context.now.set(clock::read());
        self.list.try_update(change);
    }
}

fn enabled_or_not(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}
