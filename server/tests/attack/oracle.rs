//! Knows what was given to whom, and sees whether anybody has more.
//!
//! 1. Every credential that the attacker has, or made up, asks for everything once on the store
//!    as it was. Whatever was refused then must be refused afterwards, in whatever way; and
//!    who was shown an identity before must be shown the same.
//! 2. No answer to the attacker holds a value that is marked as closed.
//! 3. The owner's programs get the values that the owner entered under that name, and a
//!    provider's key only together with the base URL that the owner set, or an error.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use http::Method;
use serde_json::{Value, json};

use crate::http::{Answer, Client, Credential};
use crate::store::{Owner, Prepared};

/// The text of a key that the attacker chose.
pub const CHOSEN_KEY: &str = "kw_chosen-by-the-attacker";
/// The token of a session, or of the setup, that the attacker chose.
pub const CHOSEN_TOKEN: &str = "chosen-by-the-attacker";

/// The owner of the store that is attacked, and of the one that is the attacker's own.
pub const OWNER: Owner = Owner {
    root: "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=",
    email: "ada@example.com",
    password: "correct horse battery",
    tag: "ours",
};
pub const ATTACKER: Owner = Owner {
    root: "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=",
    email: "eve@example.com",
    password: "eve's own password",
    tag: "foreign",
};

/// What begins so, nobody but the owner may read.
const CLOSED: &str = "ours-closed-";

/// Keys of the store that the attacker has, or had once.
const ATTACKERS: [&str; 9] = [
    "reader",
    "guest",
    "deleted",
    "disabled",
    "narrowed",
    "rotated",
    "elsewhere",
    "limited",
    "expired",
];

/// What everybody gets on the store as it was, by who asks for what.
pub type Baseline = BTreeMap<String, (bool, Vec<String>)>;

pub struct Oracle<'a> {
    pub store: &'a Prepared,
    /// A store that the attacker has of their own, with another root key.
    pub foreign: &'a Prepared,
    pub baseline: Baseline,
    client: Client,
    keys: Vec<(String, Credential)>,
    sessions: Vec<(String, Credential)>,
}

impl<'a> Oracle<'a> {
    pub fn new(store: &'a Prepared, foreign: &'a Prepared) -> Self {
        let key =
            |name: &str, text: &str| (format!("key {name}"), Credential::Key(text.to_owned()));
        let mut keys: Vec<_> = ATTACKERS.iter().map(|name| key(name, &store.keys[name])).collect();
        keys.push(key("chosen", CHOSEN_KEY));
        keys.push(key("foreign", &foreign.keys["wide"]));
        let session =
            |name: &str, token: &str| (name.to_owned(), Credential::Session(token.to_owned()));
        let sessions = vec![
            session("signed-out session", &store.sessions["signed out"]),
            session("chosen session", CHOSEN_TOKEN),
            session("foreign session", &foreign.sessions["admin"]),
            session("viewer's session", &store.sessions["viewer"]),
        ];
        let (baseline, client) = (Baseline::new(), Client::new());
        Self { store, foreign, baseline, client, keys, sessions }
    }

    /// What is wrong with what everybody gets; `signs_in`: passwords are tried as well.
    pub async fn judge(&self, address: SocketAddr, signs_in: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, outcome) in self.ask_all(address, signs_in, &mut wrong).await {
            let (was_given, identity) = self.baseline.get(&name).cloned().unwrap_or_default();
            if outcome.0 && !was_given {
                wrong.push(format!("{name} is accepted"));
            } else if outcome.0 && outcome.1 != identity {
                wrong.push(format!("{name} is somebody else: {:?}", outcome.1));
            }
        }
        self.ask_as_owner(address, &mut wrong).await;
        wrong
    }

    /// Asks for everything with everything that the attacker has.
    pub async fn ask_all(
        &self,
        address: SocketAddr,
        signs_in: bool,
        wrong: &mut Vec<String>,
    ) -> Baseline {
        let mut found = Baseline::new();
        let mut take = |name: String, answer: Answer| {
            if answer.text.contains(CLOSED) {
                wrong.push(format!("{name} reads a value: {}", answer.text));
            }
            found.insert(name, (answer.is_success(), answer.identity()));
        };
        for (name, key) in &self.keys {
            for path in [
                "/api/verify",
                "/api/verify?scope=secrets:read:PROD_TOKEN",
                "/api/secrets/TEST_TOKEN",
                "/api/secrets/PROD_TOKEN",
                "/api/secrets/LEGACY_TOKEN",
                "/api/resolve?provider=openai",
            ] {
                take(format!("{name} at {path}"), self.get(address, key, path).await);
            }
        }
        // The one whose reach an exchange of names would widen.
        let reader = &self.keys[0];
        for path in ["/api/secrets/TEST_OTHER", "/api/secrets/TEST_NEW", "/api/secrets/PROD_OTHER"]
        {
            take(format!("{} at {path}", reader.0), self.get(address, &reader.1, path).await);
        }
        for (name, session) in &self.sessions {
            for path in ["/api/session", "/api/secrets/PROD_TOKEN", "/api/keys", "/api/users"] {
                take(format!("{name} at {path}"), self.get(address, session, path).await);
            }
        }
        if signs_in {
            for email in [OWNER.email, ATTACKER.email] {
                let body = json!({ "email": email, "password": ATTACKER.password });
                take(format!("{email} signs in"), self.post(address, "/api/session", &body).await);
            }
            let Owner { email, password, .. } = ATTACKER;
            let body = json!({ "token": CHOSEN_TOKEN, "email": email, "password": password });
            take("the setup token".to_owned(), self.post(address, "/api/setup", &body).await);
            for (name, token) in [
                ("chosen", CHOSEN_TOKEN),
                ("taken back", &self.store.invitations["taken back"]),
                ("accepted", &self.store.invitations["accepted"]),
                ("foreign", &self.foreign.invitations["pending"]),
            ] {
                let body = json!({ "token": token, "password": password });
                let answer = self.post(address, "/api/invitation", &body).await;
                take(format!("the {name} invitation"), answer);
            }
        }
        found
    }

    async fn get(&self, address: SocketAddr, credential: &Credential, path: &str) -> Answer {
        self.client.ask(address, credential, (Method::GET, path), None).await
    }

    async fn post(&self, address: SocketAddr, path: &str, body: &Value) -> Answer {
        self.client.ask(address, &Credential::Nothing, (Method::POST, path), Some(body)).await
    }

    /// What is wrong with what the owner's programs get.
    pub async fn ask_as_owner(&self, address: SocketAddr, wrong: &mut Vec<String>) {
        let key = |name: &str| Credential::Key(self.store.keys[name].clone());
        for (name, values) in &self.store.given.secrets {
            let answer = self.get(address, &key("wide"), &format!("/api/secrets/{name}")).await;
            let value = answer.data()["value"].as_str().map(str::to_owned);
            if answer.is_success() && !value.is_some_and(|value| values.contains(&value)) {
                wrong.push(format!("{name} is what the owner did not enter: {}", answer.text));
            }
        }
        for (query, pairs) in &self.store.given.providers {
            let path = format!("/api/resolve?provider={query}");
            let answer = self.get(address, &key("resolver"), &path).await;
            let data = answer.data();
            let value = data["value"].as_str().unwrap_or_default().to_owned();
            // With the model's key gone, the provider's is used.
            let provider = query.split('&').next().unwrap_or_default();
            let fallback = self.store.given.providers.get(provider).into_iter().flatten();
            let mut allowed = pairs.iter().chain(fallback);
            // With the provider's row deleted, its models have no base URL: a limit.
            let is_alone = data["source"] == "model" && data["baseUrl"].is_null();
            let is_set = |(entered, base_url): &(String, Value)| {
                *entered == value && (is_alone || data["baseUrl"] == *base_url)
            };
            if answer.is_success() && !allowed.any(is_set) {
                wrong.push(format!("{query} is what the owner did not set: {}", answer.text));
            }
        }
        for (name, text) in self.keys.iter().filter_map(|(name, key)| match key {
            Credential::Key(text) => Some((name, text)),
            _ => None,
        }) {
            let body = json!({ "key": text, "scope": "secrets:read:PROD_TOKEN" });
            let asked = (Method::POST, "/api/keys/verify");
            let answer = self.client.ask(address, &key("judge"), asked, Some(&body)).await;
            if answer.is_success() && answer.data()["valid"] == json!(true) {
                wrong.push(format!("{name} may read production, says /api/keys/verify"));
            }
        }
    }
}
