//! The page of people that is shown, and the invitations that nobody has accepted yet.

use keyward_api::paths;
use keyward_api::roles::Role;
use keyward_api::users::{Invitation, Invite, UpdateUser, User};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::Client;
use crate::client::people::invited;
use crate::clock;
use crate::focus::move_focus;
use crate::http::Answer;
use crate::lists::listing::{Listing, verbatim};
use crate::lists::store::Pages;
use crate::load::Load;
use crate::one_time::Kind;
use crate::routes;

pub const LISTING: Listing = Listing {
    path: routes::USERS,
    tab: "",
    api: paths::USERS,
    limit: 100,
    fields: &["q"],
    query_part: verbatim,
    one: "person",
    many: "people",
    name: "People",
    finds_prefix: false,
};

const INVITED: &str = "Invitation created. Copy the link now; you won't be able to see it again.";

/// With the person or the invitation as it was when the dialog was opened.
#[derive(Clone)]
pub enum DialogRequest {
    Invite,
    ChangeRole(User),
    Disable(User),
    Enable(User),
    Delete(User),
    TakeBack(Invitation),
}

#[derive(Clone, Copy)]
pub struct Users {
    pub pages: Pages,
    pub list: RwSignal<Vec<User>>,
    pub invitations: RwSignal<Vec<Invitation>>,
    pub invitations_load: Load,
    /// Whether only one person can administer the server; none: not known yet.
    pub has_one_admin: RwSignal<Option<bool>>,
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// Takes the focus when its element goes and no row is left.
    pub add_button: NodeRef<html::Button>,
}

impl Users {
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<User>::new());
        let users = Self {
            pages: Pages::follow(&LISTING, list, |user| user.id.to_string()),
            list,
            invitations: RwSignal::new(Vec::new()),
            invitations_load: Load::new(),
            has_one_admin: RwSignal::new(None),
            dialog_request: RwSignal::new(None),
            add_button: NodeRef::new(),
        };
        users.load_invitations();
        users.count_admins();
        users
    }

    pub fn client(self) -> Client {
        self.pages.context.client
    }

    pub fn request_dialog(self, request: DialogRequest) {
        self.dialog_request.set(Some(request));
    }

    /// A row that is about to go may read a person who is gone.
    pub fn get(self, id: &str) -> Option<User> {
        self.list.read().iter().find(|user| user.id.to_string() == id).cloned()
    }

    pub fn is_me(self, user: &User) -> bool {
        self.pages.context.session.user().is_some_and(|me| me.user_id == user.id)
    }

    /// Whether nobody could administer the server without this person; none: not known yet.
    pub fn is_last_admin(self, user: &User) -> Option<bool> {
        let is_admin = user.role == Role::Admin && !user.disabled;
        if is_admin { self.has_one_admin.get() } else { Some(false) }
    }

    pub fn load_invitations(self) {
        self.invitations_load.begin();
        spawn_local(async move {
            let answer = self.client().invitations().await;
            self.invitations_load.end(answer.map(|all| _ = self.invitations.try_set(all)));
        });
    }

    fn count_admins(self) {
        spawn_local(async move {
            // What cannot be asked is left to the server to refuse.
            let has_one = self.client().has_one_admin().await.unwrap_or(false);
            self.has_one_admin.try_set(Some(has_one));
        });
    }

    /// The banner shows the link.
    pub async fn invite(self, invite: &Invite) -> Answer<()> {
        let (invitation, link) = invited(self.client().invite(invite).await?)?;
        let context = self.pages.context;
        let owner = untrack(|| context.session.user()).map(|user| user.user_id);
        let shown = (invitation.id.to_string(), invitation.email.clone());
        context.one_time.add(Kind::Invitation, shown, link, INVITED, owner.unwrap_or_default());
        context.now.set(clock::read());
        // A new one replaces the one before it.
        self.load_invitations();
        Ok(())
    }

    pub async fn take_back(self, invitation: &Invitation) -> Answer<()> {
        let id = invitation.id.to_string();
        self.client().take_back_invitation(&id).await?.done()?;
        self.pages.context.one_time.forget(&id);
        let says = format!("Invitation of {} taken back", invitation.email);
        self.pages.context.toasts.success(says);
        self.load_invitations();
        move_focus(None, self.add_button);
        Ok(())
    }

    /// Changes a person, and says `done`.
    pub async fn update(self, user: &User, update: &UpdateUser, done: String) -> Answer<()> {
        let id = user.id.to_string();
        let changed: User = self.client().update_user(&id, update).await?.data()?;
        let _ = self.list.try_update(|list| {
            if let Some(user) = list.iter_mut().find(|user| user.id == changed.id) {
                *user = changed;
            }
        });
        self.done(user, done);
        self.pages.changed().await;
        move_focus(Some(menu_button(&id)), self.add_button);
        Ok(())
    }

    pub async fn delete(self, user: &User, done: String) -> Answer<()> {
        self.client().delete_user(&user.id.to_string()).await?.done()?;
        let _ = self.list.try_update(|list| list.retain(|other| other.id != user.id));
        self.pages.removed();
        self.done(user, done);
        move_focus(None, self.add_button);
        Ok(())
    }

    fn done(self, user: &User, done: String) {
        self.pages.context.toasts.success(done);
        self.count_admins();
        if untrack(|| self.is_me(user)) {
            // One's own session may have ended with it, which this finds.
            let context = self.pages.context;
            spawn_local(async move {
                if let Ok(session) = context.client.session().await {
                    context.enter(session);
                }
            });
        }
    }
}

/// The id of the button that takes the focus when a dialog closes.
pub fn menu_button(id: &str) -> String {
    format!("actions-{id}")
}
