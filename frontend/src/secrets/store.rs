//! The list of secrets as the page holds it, and the one value that may be shown.
//!
//! Invariant: a value that the server has told is in [`Secrets::revealed`] and in the field
//! that shows it, until it is hidden or the page is left; never in storage, an address, a
//! title, a toast or the console.

use keyward_api::Sensitive;
use keyward_api::secrets::{CreateSecret, Secret, UpdateSecret};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::clock;
use crate::components::copy::write_clipboard;
use crate::components::quote::quoted;
use crate::hub::{Hub, hub};
use crate::load::Load;
use crate::once::memo;
use crate::routes;

/// What a dialog asks about.
#[derive(Clone)]
pub enum Asked {
    /// A new secret.
    Add,
    /// What to change about one.
    Edit(Secret),
    /// Whether to delete one.
    Delete(Secret),
}

/// The secrets of the section.
#[derive(Clone, Copy)]
pub struct Secrets {
    /// Whether the list is here.
    pub load: Load,
    /// What the server answered.
    pub list: RwSignal<Vec<Secret>>,
    /// What the person looks for; the address is its only home.
    pub text: Memo<String>,
    /// The ids of the secrets that are shown, in their order.
    pub visible: Memo<Vec<String>>,
    /// The id of the secret whose value is shown, and the value.
    pub revealed: RwSignal<Option<(String, Sensitive)>>,
    /// The secrets whose value is being asked for.
    pub asking: RwSignal<Vec<String>>,
    /// The dialog that is open.
    pub asked: RwSignal<Option<Asked>>,
    /// Where the focus goes when it has no other home.
    pub add_button: NodeRef<html::Button>,
    hub: Hub,
}

impl Secrets {
    /// A store that has asked the server for the list.
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<Secret>::new());
        let text = routes::query_value("q");
        let visible = memo(move || {
            let (text, list) = (text.read(), list.read());
            list.iter().filter(|one| matches(one, &text)).map(|one| one.id.clone()).collect()
        });
        let secrets = Self {
            load: Load::new(),
            list,
            text,
            visible,
            revealed: RwSignal::new(None),
            asking: RwSignal::new(Vec::new()),
            asked: RwSignal::new(None),
            add_button: NodeRef::new(),
            hub: hub(),
        };
        spawn_local(secrets.reload());
        secrets
    }

    /// Asks for the list again. One that is shown stays until the answer is here.
    pub async fn reload(self) {
        self.load.begin();
        let answer = self.hub.client.secrets().await;
        self.load.end(answer.map(|mut list| {
            list.sort_by(|a, b| a.key.cmp(&b.key));
            self.hub.now.set(clock::read());
            drop(self.list.try_set(list));
        }));
    }

    /// One secret. A row that is about to go may ask for one that is not in the list.
    pub fn get(self, id: &str) -> Option<Secret> {
        self.list.read().iter().find(|secret| secret.id == id).cloned()
    }

    /// The value of a secret while it is shown.
    pub fn value(self, id: &str) -> Option<String> {
        let revealed = self.revealed.read();
        let (_, value) = revealed.as_ref().filter(|(shown, _)| shown == id)?;
        Some(value.expose().to_owned())
    }

    /// Takes the value out of the page; its memory is overwritten.
    pub fn hide(self) {
        self.revealed.try_set(None);
    }

    /// Shows the value in its row, and no other value any more.
    pub async fn reveal(self, secret: &Secret) {
        if let Some(value) = self.ask(secret, "revealed").await {
            self.revealed.try_set(Some((secret.id.clone(), value)));
        }
    }

    /// Puts the value into the clipboard without showing it, and answers whether it is
    /// there. Where there is no clipboard, the value is shown instead.
    pub async fn copy(self, secret: &Secret) -> Option<bool> {
        let value = self.ask(secret, "copied").await?;
        let is_copied = write_clipboard(value.expose()).await;
        if !is_copied {
            self.revealed.try_set(Some((secret.id.clone(), value)));
        }
        Some(is_copied)
    }

    async fn ask(self, secret: &Secret, done: &str) -> Option<Sensitive> {
        if self.asking.read_untracked().contains(&secret.id) {
            return None;
        }
        self.asking.update(|ids| ids.push(secret.id.clone()));
        let answer = self.hub.client.reveal_secret(&secret.key).await;
        self.asking.try_update(|ids| ids.retain(|id| *id != secret.id));
        let failed = |error: ClientError| {
            let why = error.full_message();
            self.hub.toasts.error(format!("{} was not {done}. {why}", quoted(&secret.key)));
        };
        answer.map_err(failed).ok()
    }

    /// Keeps a new secret.
    pub async fn create(self, secret: &CreateSecret) -> Result<(), ClientError> {
        self.hub.client.create_secret(secret).await?;
        self.hub.toasts.success(format!("{} added", quoted(secret.key.as_str())));
        self.reload().await;
        Ok(())
    }

    /// Changes a secret, unless somebody else has changed it since it was listed.
    pub async fn change(self, secret: &Secret, update: &UpdateSecret) -> Result<(), ClientError> {
        let version = format!("\"{}\"", clock::rfc3339(secret.updated_at));
        self.hub.client.update_secret(&secret.key, update, version).await?;
        self.hub.toasts.success(format!("{} changed", quoted(&secret.key)));
        self.hide();
        self.reload().await;
        Ok(())
    }

    /// Deletes a secret. Its row goes when the server has said so.
    pub async fn delete(self, secret: &Secret) -> Result<(), ClientError> {
        self.hub.client.delete_secret(&secret.key).await?;
        self.hub.toasts.success(format!("{} deleted", quoted(&secret.key)));
        self.hide();
        self.list.try_update(|list| list.retain(|other| other.id != secret.id));
        Ok(())
    }
}

/// Whether a text is found in key or description, whatever its case.
fn matches(secret: &Secret, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let has = |place: &str| place.to_lowercase().contains(&text);
    has(&secret.key) || secret.description.as_deref().is_some_and(has)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn text_is_found_in_key_and_description_whatever_its_case() {
        let secret = Secret {
            id: "1".into(),
            key: "DATABASE_URL".into(),
            description: Some("of the billing service".into()),
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            created_by: None,
        };
        for text in ["", " ", "base_u", "BILLING"] {
            assert!(matches(&secret, text), "{text:?}");
        }
        assert!(!matches(&secret, "token"));
    }
}
