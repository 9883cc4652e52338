//! Single sign-on: with a provider that says whatever a test wants, and with a real one.

mod accounts;
mod hostile;
mod keys;
mod real;
mod stand_in;
mod start;

use keyward::session::entity::users;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use stand_in::{CLIENT_SECRET, Idp};

use crate::support::{ADMIN, App, Backend, Client, TestDatabase};

/// The groups of the provider and the roles that they give.
const GROUPS: [(&str, &str); 3] = [
    ("KEYWARD_OIDC_ADMIN_GROUPS", "root"),
    ("KEYWARD_OIDC_EDITOR_GROUPS", "dev"),
    ("KEYWARD_OIDC_VIEWER_GROUPS", "staff"),
];

/// A server and its identity provider.
struct Stage {
    app: App,
    idp: Idp,
}

impl Stage {
    /// With an administrator who has a password, and groups.
    async fn new(backend: Backend) -> Self {
        Self::with(backend, &[&ADMIN[..], &GROUPS].concat()).await
    }

    async fn with(backend: Backend, variables: &[(&str, &str)]) -> Self {
        let idp = Idp::start().await;
        let app = start(TestDatabase::new(backend).await, &idp, variables).await;
        Self { app, idp }
    }

    fn browser(&self) -> Client {
        Client::that_stays(self.app.address)
    }

    /// The callback with which the provider sends this browser back.
    async fn begin(&self, browser: &Client, body: Value) -> String {
        let started = browser.post("/api/oidc/start", &body).await.expect(200).data();
        let query = self.idp.authorize(started["url"].as_str().unwrap());
        format!("/api/oidc/callback?{query}")
    }

    /// Goes all the way; where it ends.
    async fn go(&self, browser: &Client, body: Value) -> String {
        let callback = self.begin(browser, body).await;
        location(browser, &callback).await
    }

    /// Signs in, with these claims in place of the usual ones.
    async fn sign_in(&self, claims: Value) -> (Client, String) {
        self.idp.script().claims = claims;
        let browser = self.browser();
        let end = self.go(&browser, json!({})).await;
        (browser, end)
    }

    async fn users(&self) -> Vec<users::Model> {
        users::Entity::find().all(&self.app.state.db).await.unwrap()
    }

    async fn user(&self, email: &str) -> users::Model {
        let users = self.users().await;
        users.into_iter().find(|user| user.email == email).expect(email)
    }
}

async fn start(database: TestDatabase, idp: &Idp, variables: &[(&str, &str)]) -> App {
    let usual = [
        ("KEYWARD_OIDC_ISSUER", idp.issuer.as_str()),
        ("KEYWARD_OIDC_CLIENT_ID", "keyward"),
        ("KEYWARD_OIDC_CLIENT_SECRET", CLIENT_SECRET),
    ];
    App::with(database, &[&usual[..], variables].concat()).await
}

/// Where an answer sends the browser.
async fn location(browser: &Client, path: &str) -> String {
    browser.get(path).await.expect(303).header("location").to_owned()
}

/// The role of who is signed in; `None`: nobody is.
async fn role(browser: &Client) -> Option<String> {
    let answer = browser.get("/api/session").await;
    (answer.status == 200).then(|| answer.data()["role"].as_str().unwrap().to_owned())
}
