//! The page of secrets that is shown, and the one value that may be shown.
//!
//! Invariant: a revealed value is in [`Secrets::revealed`] and in the field
//! that shows it, until it is hidden or the page is left; never in storage, an address, a
//! title, a toast or the console.

use keyward_api::secrets::{CreateSecret, Secret, UpdateSecret};
use keyward_api::{Sensitive, paths};
use leptos::html;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::clock;
use crate::components::copy::write_clipboard;
use crate::context::{Context, context};
use crate::lists::listing::{Listing, verbatim};
use crate::lists::store::Pages;
use crate::routes;
use crate::text::quoted;

pub const LISTING: Listing = Listing {
    path: routes::SECRETS,
    tab: "secrets",
    api: paths::SECRETS,
    limit: 100,
    fields: &["q"],
    query_part: verbatim,
    one: "secret",
    many: "secrets",
    name: "Secrets",
};

/// With the secret as it was when the dialog was opened.
#[derive(Clone)]
pub enum DialogRequest {
    Add,
    Edit(Secret),
    Delete(Secret),
}

#[derive(Clone, Copy)]
pub struct Secrets {
    pub pages: Pages,
    pub list: RwSignal<Vec<Secret>>,
    /// The id of the secret whose value is shown, and the value.
    pub revealed: RwSignal<Option<(String, Sensitive)>>,
    /// The secrets whose value is on its way.
    pub revealing: RwSignal<Vec<String>>,
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// Takes the focus when its element goes and no row is left.
    pub add_button: NodeRef<html::Button>,
    context: Context,
}

impl Secrets {
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<Secret>::new());
        Self {
            pages: Pages::follow(&LISTING, list, |secret| secret.id.clone()),
            list,
            revealed: RwSignal::new(None),
            revealing: RwSignal::new(Vec::new()),
            dialog_request: RwSignal::new(None),
            add_button: NodeRef::new(),
            context: context(),
        }
    }

    /// The secret as it is now, on any page of the list.
    pub async fn look(self, key: &str) -> Result<Option<Secret>, ClientError> {
        let found: Vec<Secret> = self.pages.find(key).await?;
        Ok(found.into_iter().find(|secret| secret.key == key))
    }

    /// A row that is about to go may read a secret that is gone.
    pub fn get(self, id: &str) -> Option<Secret> {
        self.list.read().iter().find(|secret| secret.id == id).cloned()
    }

    pub fn value(self, id: &str) -> Option<String> {
        let revealed = self.revealed.read();
        let (_, value) = revealed.as_ref().filter(|(shown, _)| shown == id)?;
        Some(value.expose().to_owned())
    }

    /// Overwrites the memory of the value.
    pub fn hide(self) {
        self.revealed.try_set(None);
    }

    /// Shows the value in its row, and hides any other.
    pub async fn reveal(self, secret: &Secret) {
        if let Some(value) = self.fetch_value(secret, "revealed").await {
            self.revealed.try_set(Some((secret.id.clone(), value)));
        }
    }

    /// Whether the value is in the clipboard. Without a clipboard it is shown instead.
    pub async fn copy(self, secret: &Secret) -> Option<bool> {
        let value = self.fetch_value(secret, "copied").await?;
        let is_copied = write_clipboard(value.expose()).await;
        if !is_copied {
            self.revealed.try_set(Some((secret.id.clone(), value)));
        }
        Some(is_copied)
    }

    async fn fetch_value(self, secret: &Secret, done: &str) -> Option<Sensitive> {
        if self.revealing.read_untracked().contains(&secret.id) {
            return None;
        }
        self.revealing.update(|ids| ids.push(secret.id.clone()));
        let answer = self.context.client.reveal_secret(&secret.key).await;
        self.revealing.try_update(|ids| ids.retain(|id| *id != secret.id));
        let failed = |error: ClientError| {
            let why = error.full_message();
            self.context.toasts.error(format!("{} was not {done}. {why}", quoted(&secret.key)));
        };
        answer.map_err(failed).ok()
    }

    /// Adds a secret and brings it into view.
    pub async fn create(self, secret: &CreateSecret) -> Result<(), ClientError> {
        self.context.client.create_secret(secret).await?;
        self.context.toasts.success(format!("{} added", quoted(secret.key.as_str())));
        self.pages.fetch().await;
        let is_new = |list: &Vec<Secret>| list.iter().any(|one| one.key == secret.key.as_str());
        self.pages.show(secret.key.as_str(), self.list.try_with_untracked(is_new));
        Ok(())
    }

    /// Refused if another person has changed the secret since it was listed.
    pub async fn change(self, secret: &Secret, update: &UpdateSecret) -> Result<(), ClientError> {
        let version = format!("\"{}\"", clock::rfc3339(secret.updated_at));
        self.context.client.update_secret(&secret.key, update, version).await?;
        self.context.toasts.success(format!("{} changed", quoted(&secret.key)));
        self.hide();
        self.pages.fetch().await;
        Ok(())
    }

    /// The row goes when the server has confirmed.
    pub async fn delete(self, secret: &Secret) -> Result<(), ClientError> {
        self.context.client.delete_secret(&secret.key).await?;
        self.context.toasts.success(format!("{} deleted", quoted(&secret.key)));
        self.hide();
        self.list.try_update(|list| list.retain(|other| other.id != secret.id));
        self.pages.removed();
        Ok(())
    }
}
