//! The page of secrets that is shown, and the one value that may be shown.
//!
//! Invariant: a revealed value is in [`Secrets::revealed`] and in the field that shows it, until
//! it is hidden: by the person, after [`SHOWN_FOR`], with the tab, or with the page. It is never
//! in storage, an address, a title, a toast or the console.

use std::time::Duration;

use keyward_api::audit::Action;
use keyward_api::secrets::{CreateSecret, Secret, UpdateSecret};
use keyward_api::{Sensitive, paths};
use leptos::html;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::clock;
use crate::components::copy::write_clipboard;
use crate::focus::move_focus;
use crate::http::unreadable;
use crate::ids::unique_id;
use crate::lists::listing::{Listing, verbatim};
use crate::lists::store::Pages;
use crate::location::Navigate;
use crate::query::with_query;
use crate::routes;
use crate::secrets::readers::Details;
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
    finds_prefix: false,
};

/// How long a value stays in view.
const SHOWN_FOR: Duration = Duration::from_mins(1);

/// The name in the address of the secret whose details are shown.
pub const DETAILS_OF: &str = "secret";

/// With the secret as it was when the dialog was opened.
#[derive(Clone)]
pub enum DialogRequest {
    Add,
    Edit(Secret),
    Delete(Secret),
}

/// The value that is shown.
struct Revealed {
    /// Of the secret.
    id: String,
    /// Distinct for each time that a value is shown, so that a timer hides only its own.
    turn: String,
    value: Sensitive,
    /// The browser has no clipboard, so the person copies it by hand.
    is_for_copy: bool,
}

#[derive(Clone, Copy)]
pub struct Secrets {
    pub pages: Pages,
    pub list: RwSignal<Vec<Secret>>,
    revealed: RwSignal<Option<Revealed>>,
    /// The id of the secret whose value was not handed out, and why.
    pub refused: RwSignal<Option<(String, String)>>,
    /// The secrets whose value is on its way.
    pub revealing: RwSignal<Vec<String>>,
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// The details were opened on this page, so that going back closes them.
    has_opened_details: StoredValue<bool>,
    /// Takes the focus when its element goes and no row is left.
    pub add_button: NodeRef<html::Button>,
}

impl Secrets {
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<Secret>::new());
        let secrets = Self {
            pages: Pages::follow(&LISTING, list, |secret| secret.id.clone()),
            list,
            revealed: RwSignal::new(None),
            refused: RwSignal::new(None),
            revealing: RwSignal::new(Vec::new()),
            dialog_request: RwSignal::new(None),
            has_opened_details: StoredValue::new(false),
            add_button: NodeRef::new(),
        };
        let listener = window_event_listener_untyped("visibilitychange", move |_| {
            if document().hidden() {
                secrets.hide();
            }
        });
        on_cleanup(move || listener.remove());
        secrets
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
        let shown = revealed.as_ref().filter(|shown| shown.id == id)?;
        Some(shown.value.expose().to_owned())
    }

    pub fn is_revealed(self, id: &str) -> bool {
        self.revealed.read_untracked().as_ref().is_some_and(|shown| shown.id == id)
    }

    pub fn is_for_copy(self) -> bool {
        self.revealed.read().as_ref().is_some_and(|shown| shown.is_for_copy)
    }

    /// Why the value of this secret was not handed out.
    pub fn refusal(self, id: &str) -> Option<String> {
        let refused = self.refused.read();
        refused.as_ref().filter(|(of, _)| of == id).map(|(_, why)| why.clone())
    }

    /// Overwrites the memory of the value.
    pub fn hide(self) {
        let Some(shown) = self.revealed.try_update(Option::take).flatten() else { return };
        // The field may have had it.
        move_focus(Some(reveal_button(&shown.id)), self.add_button);
    }

    fn show(self, id: &str, value: Sensitive, is_for_copy: bool) {
        self.hide();
        let turn = unique_id();
        let shown = Revealed { id: id.to_owned(), turn: turn.clone(), value, is_for_copy };
        // The page may be gone, and a value that arrives in a hidden tab stays hidden.
        if document().hidden() || self.revealed.try_set(Some(shown)).is_some() {
            return;
        }
        let is_it =
            move |shown: &Option<Revealed>| shown.as_ref().is_some_and(|it| it.turn == turn);
        let hide = move || {
            if self.revealed.try_with_untracked(&is_it) == Some(true) {
                self.hide();
            }
        };
        set_timeout(hide, SHOWN_FOR);
    }

    /// Shows the value beneath its row, and hides any other.
    pub async fn reveal(self, secret: &Secret) {
        if let Some(value) = self.fetch_value(secret, "revealed").await {
            self.show(&secret.id, value, false);
        }
    }

    /// Whether the value is in the clipboard. Without a clipboard it is shown instead.
    pub async fn copy(self, secret: &Secret) -> Option<bool> {
        let value = self.fetch_value(secret, "copied").await?;
        let is_copied = write_clipboard(value.expose()).await;
        if !is_copied {
            self.show(&secret.id, value, true);
        }
        Some(is_copied)
    }

    async fn fetch_value(self, secret: &Secret, done: &str) -> Option<Sensitive> {
        if self.revealing.read_untracked().contains(&secret.id) {
            return None;
        }
        self.revealing.update(|ids| ids.push(secret.id.clone()));
        let answer = self.pages.context.client.reveal_secret(&secret.key).await;
        self.revealing.try_update(|ids| ids.retain(|id| *id != secret.id));
        let refused = answer.as_ref().err().map(|error| {
            let why = format!("{} was not {done}. {}", quoted(&secret.key), error.full_message());
            (secret.id.clone(), why)
        });
        self.refused.try_set(refused);
        answer.ok()
    }

    pub fn request_dialog(self, request: DialogRequest) {
        self.dialog_request.set(Some(request));
    }

    /// The details have an address of their own.
    pub fn open_details(self, key: &str) {
        self.has_opened_details.set_value(true);
        let to = format!("{}&{DETAILS_OF}={key}", self.list_address());
        self.pages.context.location.navigate(&to, Navigate::Push);
    }

    pub fn close_details(self) {
        let has_opened = self.has_opened_details.try_update_value(std::mem::take) == Some(true);
        match window().history() {
            Ok(history) if has_opened => drop(history.back()),
            _ => self.pages.context.location.navigate(&self.list_address(), Navigate::Refine),
        }
    }

    fn list_address(self) -> String {
        untrack(|| self.pages.address(&self.pages.cursor(), self.pages.first_row()))
    }

    /// Who can read the secret, and who last did.
    pub async fn details(self, key: &str) -> Result<Details, ClientError> {
        let access = self.pages.context.client.secret_access(key).await?.json.member("data");
        let is_it = |secret: &&Secret| secret.key == key;
        let list = self.list.try_get_untracked().unwrap_or_default();
        let listed = list.iter().find(is_it).cloned();
        let secret = match listed {
            Some(secret) => secret,
            None => self.look(key).await?.ok_or_else(unreadable)?,
        };
        Details::read(&secret, &access, clock::read()).ok_or_else(unreadable)
    }

    /// The id of a secret of this page of the list.
    pub fn id_of(self, key: &str) -> Option<String> {
        let list = self.list.try_read_untracked()?;
        list.iter().find(|secret| secret.key == key).map(|secret| secret.id.clone())
    }

    /// Somebody else has changed the secret: who, as far as the audit log can be read, and when.
    pub async fn conflict(self, key: &str) -> String {
        let who = self.changed_by(key).await.unwrap_or_else(|| "Somebody else".to_owned());
        let now = self.look(key).await.ok().flatten();
        let when =
            now.map(|secret| format!(" {}", clock::relative(secret.updated_at, clock::read())));
        let when = when.unwrap_or_default();
        format!("{who} changed this secret{when}. Reload to see it; your text is kept.")
    }

    async fn changed_by(self, key: &str) -> Option<String> {
        let action = Action::SecretUpdate.as_str();
        // The target may be a part of another key.
        let path = with_query(
            paths::AUDIT,
            &[("limit", "20"), ("action", action), ("target", key), ("outcome", "success")],
        );
        let entries = self.pages.context.client.list(&path).await.ok()?.json.member("data");
        let entry =
            entries.items(20).find(|entry| entry.member("target").text().as_deref() == Ok(key));
        entry?.member("actor").member("name").text().ok()
    }

    /// Adds a secret and brings it into view.
    pub async fn create(self, secret: &CreateSecret) -> Result<(), ClientError> {
        self.pages.context.client.create_secret(secret).await?;
        self.pages.context.toasts.success(format!("{} added", quoted(secret.key.as_str())));
        self.pages.fetch().await;
        let is_new = |list: &Vec<Secret>| list.iter().any(|one| one.key == secret.key.as_str());
        self.pages.show(secret.key.as_str(), self.list.try_with_untracked(is_new));
        Ok(())
    }

    /// Refused if another person has changed the secret since it was listed.
    pub async fn change(self, secret: &Secret, update: &UpdateSecret) -> Result<(), ClientError> {
        let version = format!("\"{}\"", clock::rfc3339(secret.updated_at));
        self.pages.context.client.update_secret(&secret.key, update, version).await?;
        self.pages.context.toasts.success(format!("{} changed", quoted(&secret.key)));
        self.hide();
        self.pages.fetch().await;
        Ok(())
    }

    /// The row goes when the server has confirmed.
    pub async fn delete(self, secret: &Secret) -> Result<(), ClientError> {
        self.pages.context.client.delete_secret(&secret.key).await?;
        self.pages.context.toasts.success(format!("{} deleted", quoted(&secret.key)));
        self.hide();
        self.list.try_update(|list| list.retain(|other| other.id != secret.id));
        self.pages.removed();
        Ok(())
    }
}

/// The id of the button that shows a value and hides it.
pub fn reveal_button(id: &str) -> String {
    format!("reveal-{id}")
}
