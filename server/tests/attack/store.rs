//! The prepared store, as a life of some weeks leaves it, and what everybody knows of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use keyward::clock::Clock;
use time::format_description::well_known::Rfc3339;

use crate::http::{Answer, Client, Credential};
use crate::place::{Backend, Place};
use crate::server::{run, start_program};
use crate::snapshot::Snapshot;

/// What the owner has given to whom.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Each value that a secret ever had, by its name.
    pub secrets: BTreeMap<String, Vec<String>>,
    /// Each key with the base URL it was to be sent to, by what is asked for.
    pub providers: BTreeMap<String, Vec<(String, Value)>>,
}

/// A store, stopped, and what was in it at other times.
pub struct Prepared {
    pub place: Place,
    pub root: String,
    /// Before the rotation, before what was taken back, and now.
    pub first: Snapshot,
    pub rotated: Snapshot,
    pub now: Snapshot,
    /// The texts of keys, by the name that the script below gives them.
    pub keys: BTreeMap<&'static str, String>,
    /// Tokens of sessions.
    pub sessions: BTreeMap<&'static str, String>,
    /// Tokens of invitations.
    pub invitations: BTreeMap<&'static str, String>,
    pub given: Given,
}

/// A person of the store, who is a viewer now and may be the attacker, and their password.
pub const INSIDER: &str = "mallory@example.com";
pub const INSIDERS: &str = "mallory's own password";

/// Who owns a store: the values in it begin with `tag`.
#[derive(Clone, Copy)]
pub struct Owner {
    pub root: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub tag: &'static str,
}

/// A value of the older layout, sealed directly under the root key.
pub fn seal_legacy(root: &str, value: &str) -> (Vec<u8>, Vec<u8>) {
    let key = STANDARD.decode(root).unwrap();
    let iv = [7; 12];
    let cipher = Aes256Gcm::new_from_slice(&key).unwrap();
    let sealed = cipher.encrypt(&Nonce::from(iv), value.as_bytes()).unwrap();
    (iv.to_vec(), sealed)
}

/// Fills a new store.
pub async fn prepare(backend: Backend, owner: Owner) -> Prepared {
    let place = Place::new(backend).await;
    add_legacy(&place, owner).await;
    let admin = [("KEYWARD_ADMIN_EMAIL", owner.email), ("KEYWARD_ADMIN_PASSWORD", owner.password)];
    let server = start_program(&place, owner.root, &admin).await.unwrap();
    let mut life = Life::begin(server.address(), owner).await;
    life.make_keys().await;
    life.make_values().await;
    life.sign_in("signed out").await;
    life.make_people().await;
    let first = look(&place).await;
    life.post("/api/admin/encryption/rotate", &json!({})).await;
    let rotated = look(&place).await;
    life.take_back().await;
    let Life { keys, sessions, invitations, given, .. } = life;
    server.stop().await;
    place.settle().await;
    let now = look(&place).await;
    let root = owner.root.to_owned();
    Prepared { place, root, first, rotated, now, keys, sessions, invitations, given }
}

async fn look(place: &Place) -> Snapshot {
    let db = place.connect().await;
    let snapshot = Snapshot::take(&db, place.backend).await;
    db.close().await.unwrap();
    snapshot
}

async fn add_legacy(place: &Place, owner: Owner) {
    assert_eq!(run(place, owner.root, &["migrate"]).await.0, 0);
    let (iv, sealed) = seal_legacy(owner.root, &format!("{}-closed-LEGACY_TOKEN", owner.tag));
    let db = place.connect().await;
    let schema = Snapshot::take(&db, place.backend).await;
    let (iv, sealed) = (schema.bytes(&iv), schema.bytes(&sealed));
    let sql = format!(
        "INSERT INTO secrets (id, key, encrypted_value, iv, created_at, updated_at) VALUES \
         ('legacy', 'LEGACY_TOKEN', {sealed}, {iv}, '2025-01-01 00:00:00+00:00', \
         '2025-01-01 00:00:00+00:00')"
    );
    db.execute_unprepared(&sql).await.unwrap();
    db.close().await.unwrap();
}

/// The owner at work.
struct Life {
    client: Client,
    address: SocketAddr,
    owner: Owner,
    admin: Credential,
    ids: BTreeMap<&'static str, String>,
    expired: Instant,
    keys: BTreeMap<&'static str, String>,
    sessions: BTreeMap<&'static str, String>,
    invitations: BTreeMap<&'static str, String>,
    given: Given,
}

impl Life {
    async fn begin(address: SocketAddr, owner: Owner) -> Self {
        let mut life = Self {
            client: Client::new(),
            address,
            owner,
            admin: Credential::Nothing,
            ids: BTreeMap::new(),
            expired: Instant::now(),
            keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
            invitations: BTreeMap::new(),
            given: Given::default(),
        };
        life.admin = Credential::Session(life.sign_in("admin").await);
        let legacy = vec![format!("{}-closed-LEGACY_TOKEN", owner.tag)];
        life.given.secrets.insert("LEGACY_TOKEN".to_owned(), legacy);
        life
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let answer = self.client.ask(self.address, &self.admin, (method, path), body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.ask(Method::POST, path, Some(body)).await.data()
    }

    async fn sign_in(&mut self, name: &'static str) -> String {
        self.sign_in_as(name, self.owner.email, self.owner.password).await
    }

    async fn sign_in_as(&mut self, name: &'static str, email: &str, password: &str) -> String {
        let body = json!({ "email": email, "password": password });
        let answer = self.ask(Method::POST, "/api/session", Some(&body)).await;
        let token = answer.session().unwrap();
        self.sessions.insert(name, token.clone());
        token
    }

    async fn make_key(&mut self, name: &'static str, more: Value) {
        let mut body = more;
        body["name"] = name.into();
        let made = self.post("/api/keys", &body).await;
        self.ids.insert(name, made["id"].as_str().unwrap().to_owned());
        self.keys.insert(name, made["key"].as_str().unwrap().to_owned());
    }

    async fn make_keys(&mut self) {
        let reads = || json!({ "scopes": ["secrets:read"] });
        // The owner's.
        self.make_key("wide", reads()).await;
        self.make_key("resolver", json!({ "scopes": ["providers:resolve"] })).await;
        self.make_key("judge", json!({ "scopes": ["keys:verify"] })).await;
        self.make_key("overlapping", json!({ "scopes": ["orders:read"] })).await;
        // The attacker has these, or had them.
        self.make_key("reader", json!({ "scopes": ["secrets:read:TEST_*"] })).await;
        self.make_key("guest", json!({ "scopes": [] })).await;
        for name in ["deleted", "disabled", "narrowed", "rotated"] {
            self.make_key(name, reads()).await;
        }
        let networks = json!({ "scopes": ["secrets:read"], "allowedNetworks": ["192.0.2.0/24"] });
        self.make_key("elsewhere", networks).await;
        let limit = json!({ "requests": 100_000, "windowSeconds": 60 });
        self.make_key("limited", json!({ "scopes": ["secrets:read:TEST_*"], "rateLimit": limit }))
            .await;
        let expiry = Clock::System.now() + Duration::from_secs(2);
        self.expired = Instant::now() + Duration::from_secs(3);
        let expiry = expiry.format(&Rfc3339).unwrap();
        self.make_key("expired", json!({ "scopes": ["secrets:read"], "expiresAt": expiry })).await;
    }

    /// The attacker was an editor once, and was invited to more.
    async fn make_people(&mut self) {
        self.invite("accepted", INSIDER, "editor").await;
        let body = json!({ "token": self.invitations["accepted"], "password": INSIDERS });
        self.post("/api/invitation", &body).await;
        self.invite("taken back", "taken-back@example.com", "admin").await;
        self.invite("pending", "carol@example.com", "editor").await;
    }

    async fn invite(&mut self, name: &'static str, email: &str, role: &str) {
        let body = json!({ "email": email, "role": role });
        let made = self.post("/api/users/invitations", &body).await;
        let link = made["link"].as_str().unwrap();
        let (_, token) = link.split_once("#token=").unwrap();
        self.invitations.insert(name, token.to_owned());
    }

    /// The path of what has this address in a list.
    async fn path_of(&self, list: &str, email: &str) -> String {
        let found = self.ask(Method::GET, list, None).await.data();
        let mut found = found.as_array().unwrap().iter().filter(|it| it["email"] == email);
        format!("{list}/{}", found.next().unwrap()["id"].as_str().unwrap())
    }

    async fn make_values(&mut self) {
        for name in ["TEST_TOKEN", "TEST_OTHER", "PROD_TOKEN", "PROD_OTHER", "DELETED_TOKEN"] {
            self.set_secret(Method::POST, name, 1).await;
        }
        let base = json!("https://first.openai.example/v1");
        self.set_provider("openai", "openai", json!({ "baseUrl": base, "note": "ours" })).await;
        self.set_provider("anthropic", "anthropic", json!({})).await;
        self.set_provider("mistral", "mistral", json!({ "baseUrl": "https://mistral.example" }))
            .await;
        self.set_provider("openai/models/gpt-5", "openai&model=gpt-5", json!({})).await;
    }

    async fn set_secret(&mut self, method: Method, name: &str, version: u32) {
        // What the attacker may read has a mark of its own.
        let mark = if name.starts_with("TEST_") { "open" } else { "closed" };
        let value = format!("{}-{mark}-{name}-{version}", self.owner.tag);
        let mut body = json!({ "value": value, "description": format!("version {version}") });
        let mut path = "/api/secrets".to_owned();
        if method == Method::POST {
            body["key"] = name.into();
        } else {
            path = format!("{path}/{name}");
        }
        self.ask(method, &path, Some(&body)).await;
        self.given.secrets.entry(name.to_owned()).or_default().push(value);
    }

    async fn set_provider(&mut self, path: &str, query: &str, more: Value) {
        let value = format!("{}-closed-{}", self.owner.tag, path.replace('/', "-"));
        let mut body = more;
        body["value"] = value.as_str().into();
        self.ask(Method::PUT, &format!("/api/providers/{path}"), Some(&body)).await;
        // A model's key goes where its provider's goes.
        let base = match query.split_once('&') {
            Some((provider, _)) => self.given.providers[provider][0].1.clone(),
            None => body["baseUrl"].clone(),
        };
        self.given.providers.entry(query.to_owned()).or_default().push((value, base));
    }

    /// What somebody had and has no longer.
    async fn take_back(&mut self) {
        let path =
            |life: &Self, name: &str, more: &str| format!("/api/keys/{}{more}", life.ids[name]);
        let change = json!({ "enabled": false });
        self.ask(Method::PATCH, &path(self, "disabled", ""), Some(&change)).await;
        let change = json!({ "scopes": ["secrets:read:TEST_*"] });
        self.ask(Method::PATCH, &path(self, "narrowed", ""), Some(&change)).await;
        for (name, now) in [("rotated", "rotated now"), ("overlapping", "overlapping now")] {
            let body = json!({ "graceSeconds": 604_800 });
            let new = self.post(&path(self, name, "/rotate"), &body).await;
            self.keys.insert(now, new["key"].as_str().unwrap().to_owned());
        }
        self.ask(Method::DELETE, &path(self, "rotated", "/overlap"), None).await;
        self.set_secret(Method::PUT, "PROD_TOKEN", 2).await;
        self.set_secret(Method::PUT, "TEST_TOKEN", 2).await;
        self.ask(Method::DELETE, "/api/secrets/DELETED_TOKEN", None).await;
        let base = json!("https://second.openai.example/v1");
        let change = json!({ "baseUrl": base });
        self.ask(Method::PATCH, "/api/providers/openai", Some(&change)).await;
        for query in ["openai", "openai&model=gpt-5"] {
            let value = self.given.providers[query][0].0.clone();
            let pairs = self.given.providers.get_mut(query).unwrap();
            pairs.push((value, base.clone()));
        }
        self.ask(Method::DELETE, "/api/providers/mistral", None).await;
        let session = Credential::Session(self.sessions["signed out"].clone());
        let out = (Method::DELETE, "/api/session");
        self.client.ask(self.address, &session, out, None).await;
        let path = self.path_of("/api/users", INSIDER).await;
        self.ask(Method::PATCH, &path, Some(&json!({ "role": "viewer" }))).await;
        self.sign_in_as("viewer", INSIDER, INSIDERS).await;
        let path = self.path_of("/api/users/invitations", "taken-back@example.com").await;
        self.ask(Method::DELETE, &path, None).await;
        // The last of all, so that an older state of the log lacks a change of the keys.
        let deleted = format!("/api/keys/{}", self.ids["deleted"]);
        self.ask(Method::DELETE, &deleted, None).await;
        tokio::time::sleep_until(self.expired.into()).await;
    }
}
