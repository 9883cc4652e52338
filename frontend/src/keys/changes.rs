//! What may be done to keys. Every change is shown only after the server has said so; one that
//! fails is said in the row of its key.

use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey};
use keyward_api::replicas::Effective;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::{ClientError, created, effective};
use crate::focus::move_focus;
use crate::http::{Answer, Body, Exchange};
use crate::keys::buttons::{PAGE_TITLE, delete_button, menu_button};
use crate::keys::effect::on_servers;
use crate::keys::store::Keys;
use crate::one_time::Kind;
use crate::text::quoted;

const CREATED: &str = "API key created. Copy it now; you won't be able to see it again.";
/// Of a change that is neither a deletion nor the end of an old key.
const IN_EFFECT: &str = "In effect";
pub const ROTATED: &str = "API key rotated. Copy it now; you won't be able to see it again.";

impl Keys {
    /// The banner shows the outcome. The row goes to the top, whatever the filters are.
    pub async fn create(self, key: &CreateApiKey) -> Result<(), ClientError> {
        let body = self.pages.context.client.create_key(key).await?;
        let record = self.show_new_key(body, CREATED)?;
        self.update(|list| list.insert(0, record));
        self.pages.added();
        Ok(())
    }

    /// Shows the banner of a new key, and answers its record.
    pub fn show_new_key(self, body: Body, sentence: &'static str) -> Answer<ApiKey> {
        let CreatedApiKey { record, key } = created(body)?;
        let shown = (record.id.clone(), record.name.clone());
        let owner = untrack(|| self.pages.context.session.user()).map(|user| user.user_id);
        self.pages.context.one_time.add(
            Kind::ApiKey,
            shown,
            key,
            sentence,
            owner.unwrap_or_default(),
        );
        Ok(record)
    }

    /// Stores a key that replaces another.
    pub fn rotated(self, body: Body, sentence: &'static str) -> Answer<()> {
        let effective = effective(&body);
        let record = self.show_new_key(body, sentence)?;
        // With an overlap it is the key before the old one that is refused.
        let which = if record.overlap.is_some() { "Older key" } else { "Old key" };
        let did = format!("{which} of {} revoked", quoted(&record.name));
        if let Some(text) = effective.and_then(|effective| on_servers(&did, &effective)) {
            self.pages.context.toasts.success(text);
        }
        self.put(record);
        Ok(())
    }

    /// Stores a key that was changed, and says `done`.
    pub fn changed(self, body: Body, done: fn(&ApiKey) -> String) -> Answer<()> {
        self.take(body, done, IN_EFFECT)?;
        spawn_local(self.pages.changed());
        Ok(())
    }

    /// `did` says of what it took away what became of it.
    fn take(self, body: Body, done: fn(&ApiKey) -> String, did: &str) -> Answer<()> {
        let effective = effective(&body);
        let key: ApiKey = body.data()?;
        self.forget_failure(&key.id);
        self.say_done(done(&key), did, effective);
        self.put(key);
        Ok(())
    }

    /// With the servers it is in effect on, if there are several.
    fn say_done(self, done: String, did: &str, effective: Option<Effective>) {
        let place = effective.and_then(|effective| on_servers(did, &effective));
        self.pages.context.toasts.success(match place {
            Some(place) => format!("{done}. {place}"),
            None => done,
        });
    }

    /// Without a dialog.
    pub fn set_enabled(self, key: &ApiKey, enabled: bool) {
        let failed = format!("{} was not {}.", quoted(&key.name), enabled_or_not(enabled));
        let exchange = self.send_enabled(&key.id, enabled);
        let done = |key: &ApiKey| format!("{} {}", quoted(&key.name), enabled_or_not(key.enabled));
        self.change(key, exchange, done, IN_EFFECT, failed);
    }

    pub fn send_enabled(self, id: &str, enabled: bool) -> Exchange {
        let update = UpdateApiKey { enabled: Some(enabled), ..UpdateApiKey::default() };
        self.pages.context.client.update_key(id, &update)
    }

    /// Refuses the key that was replaced from now on.
    pub fn end_overlap(self, key: &ApiKey) {
        let failed = format!("Overlap of {} was not ended.", quoted(&key.name));
        let exchange = self.pages.context.client.end_overlap(&key.id);
        let done = |key: &ApiKey| format!("Overlap of {} ended", quoted(&key.name));
        self.change(key, exchange, done, "Old key revoked", failed);
    }

    /// Changes a key without a dialog, one change at a time.
    fn change(
        self,
        key: &ApiKey,
        exchange: Exchange,
        done: fn(&ApiKey) -> String,
        did: &'static str,
        failed: String,
    ) {
        let (id, name) = (key.id.clone(), key.name.clone());
        if self.changing.read_untracked().contains(&id) {
            return;
        }
        self.forget_failure(&id);
        self.changing.update(|ids| ids.push(id.clone()));
        spawn_local(async move {
            let answer = exchange.await.and_then(|body| self.take(body, done, did));
            if answer.is_ok() {
                self.pages.changed().await;
            }
            let _ = self.changing.try_update(|ids| ids.retain(|other| *other != id));
            match answer {
                // The button that was pressed may be gone with the overlap.
                Ok(()) => move_focus(Some(self.place_of(&id)), self.add_button),
                Err(error) => self.not_done((&id, &name), &failed, &error),
            }
        });
    }

    /// The id of the element that takes the focus after a change of this key.
    fn place_of(self, id: &str) -> String {
        if self.opened.is(id) { PAGE_TITLE.to_owned() } else { menu_button(id) }
    }

    /// Deletes a key. The row stays until the server has answered, and when it refuses; the focus
    /// then goes to `next`, the id of another key.
    pub fn delete(self, key: ApiKey, next: Option<String>) {
        if self.deleting.read_untracked().contains(&key.id) {
            return;
        }
        self.armed.set(None);
        self.forget_failure(&key.id);
        self.deleting.update(|ids| ids.push(key.id.clone()));
        spawn_local(async move {
            let answer = self.pages.context.client.delete_key(&key.id).await;
            let _ = self.deleting.try_update(|ids| ids.retain(|id| *id != key.id));
            match answer {
                Ok(effective) => {
                    let is_open = self.opened.is(&key.id);
                    self.gone(&key.id);
                    self.say_done(format!("{} deleted", quoted(&key.name)), "Revoked", effective);
                    if is_open {
                        self.leave_for(next);
                    } else {
                        move_focus(next.map(|id| delete_button(&id)), self.add_button);
                    }
                }
                Err(error) => {
                    let failed = format!("{} was not deleted.", quoted(&key.name));
                    self.not_done((&key.id, &key.name), &failed, &error);
                }
            }
        });
    }

    /// Says in the row of a key that it was not changed; or, when it may have been, only that, and
    /// elsewhere: the list is fetched again, and may be without the row.
    fn not_done(self, (id, name): (&str, &str), failed: &str, error: &ClientError) {
        let why = error.full_message();
        if error.is_in_doubt() {
            self.pages.context.toasts.error(format!("{}: {why}", quoted(name)));
        } else {
            self.fail(id, format!("{failed} {why}"));
        }
    }

    /// The server has deleted a key.
    pub fn gone(self, id: &str) {
        self.update(|list| list.retain(|other| other.id != id));
        self.pages.removed();
    }
}

fn enabled_or_not(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}
