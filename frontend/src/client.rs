//! Every request the page makes, and what it answers.

use keyward_api::encryption::{EncryptionStatus, Rotated};
use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, RotateApiKey, UpdateApiKey};
use keyward_api::overview::Overview;
use keyward_api::providers::{Explained, SetModel, SetProvider, UpdateProvider};
use keyward_api::replicas::{Effective, Replicas};
use keyward_api::roles::Role;
use keyward_api::secrets::{CreateSecret, RevealedSecret, UpdateSecret};
use keyward_api::session::{Session, Setup, SetupStatus, SignIn};
use keyward_api::{Sensitive, paths};
use leptos::prelude::{Get as _, GetUntracked as _, RwSignal, Update as _, untrack};

pub mod people;

use crate::erased::effect;
pub use crate::http::ClientError;
use crate::http::{Answer, Body, Cause, Exchange, Request, exchange, json, send};
use crate::json::Json;
use crate::location::Location;
use crate::query::{encode, with_query};
use crate::session_state::SessionState;

/// Speaks to the server this page came from. The session is a cookie that scripts
/// cannot read, so there is no credential in here.
#[derive(Clone, Copy)]
pub struct Client {
    /// The way to the sign-in page when the server no longer knows the session.
    pub location: Location,
    pub session: SessionState,
    /// How many changes may have been made or not. Lists follow it, and are fetched again.
    pub doubts: RwSignal<u32>,
}

impl Client {
    pub async fn setup_status(self) -> Answer<SetupStatus> {
        exchange("GET", paths::SETUP, None).await?.data()
    }

    pub async fn set_up(self, setup: &Setup) -> Answer<Session> {
        exchange("POST", paths::SETUP, json(setup)).await?.data()
    }

    /// A wrong password is the server's sentence, not a lost session.
    pub async fn sign_in(self, who: &SignIn) -> Answer<Session> {
        exchange("POST", paths::SESSION, json(who)).await?.data()
    }

    pub async fn session(self) -> Answer<Session> {
        self.signed_in("GET", paths::SESSION, None).await?.data()
    }

    /// Answers where the browser signs out at the identity provider as well, if it does.
    pub async fn sign_out(self) -> Answer<Option<String>> {
        let body = exchange("DELETE", paths::SESSION, None).await?;
        Ok(body.json.member("data").member("signOutUrl").text().ok())
    }

    pub async fn overview(self) -> Answer<Overview> {
        self.signed_in("GET", paths::OVERVIEW, None).await?.data()
    }

    /// How many things need the attention of this person, without those that are only worth
    /// knowing.
    pub async fn attention(self) -> Answer<usize> {
        let body = self.signed_in("GET", paths::OVERVIEW, None).await?;
        let items = body.json.member("data").member("attention");
        let is_admin = untrack(|| self.session.may(Role::Admin));
        let is_urgent = |item: &Json| {
            let says = |name: &str, word: &str| item.member(name).text().is_ok_and(|it| it == word);
            !says("severity", "notice") && (is_admin || !says("kind", "keepRootKey"))
        };
        Ok(items.items(u32::MAX).filter(is_urgent).count())
    }

    /// The person keeps a copy of the root key.
    pub async fn keep_root_key(self) -> Answer<()> {
        self.signed_in("PUT", paths::ROOT_KEY_KEPT, None).await?.done()
    }

    /// The key that was used last, if there is a key.
    pub async fn last_used_key(self) -> Answer<Option<ApiKey>> {
        let path = with_query(paths::KEYS, &[("limit", "1"), ("sort", "-lastUsedAt")]);
        let keys: Vec<ApiKey> = self.signed_in("GET", &path, None).await?.data()?;
        match keys.into_iter().next() {
            // The list learns of a use when it is written, some seconds later than the key itself.
            Some(key) if key.last_used_at.is_none() => self.key(&key.id).await?.data().map(Some),
            key => Ok(key),
        }
    }

    /// A page of a list; `path` names the list and the filters.
    pub fn list(self, path: &str) -> Exchange {
        self.signed_in("GET", path, None)
    }

    pub fn create_key(self, key: &CreateApiKey) -> Exchange {
        self.signed_in("POST", paths::KEYS, json(key))
    }

    pub fn key(self, id: &str) -> Exchange {
        self.signed_in("GET", &below(paths::KEYS, id), None)
    }

    pub fn update_key(self, id: &str, update: &UpdateApiKey) -> Exchange {
        self.signed_in("PATCH", &below(paths::KEYS, id), json(update))
    }

    pub fn rotate_key(self, id: &str, rotate: &RotateApiKey) -> Exchange {
        self.signed_in("POST", &format!("{}/rotate", below(paths::KEYS, id)), json(rotate))
    }

    /// Ends the grace period of the key that was replaced.
    pub fn end_overlap(self, id: &str) -> Exchange {
        self.signed_in("DELETE", &format!("{}/overlap", below(paths::KEYS, id)), None)
    }

    pub async fn delete_key(self, id: &str) -> Answer<Option<Effective>> {
        let body = self.signed_in("DELETE", &below(paths::KEYS, id), None).await?;
        let effective = effective(&body);
        body.done()?;
        Ok(effective)
    }

    /// The server records the read in the audit log.
    pub async fn reveal_secret(self, key: &str) -> Answer<Sensitive> {
        let body = self.signed_in("GET", &below(paths::SECRETS, key), None).await?;
        body.data::<RevealedSecret>().map(|secret| secret.value)
    }

    /// Who can read it, and who last did.
    pub fn secret_access(self, key: &str) -> Exchange {
        self.signed_in("GET", &format!("{}/access", below(paths::SECRETS, key)), None)
    }

    /// The body of the answer does not matter: the list says more.
    pub async fn create_secret(self, secret: &CreateSecret) -> Answer<()> {
        self.signed_in("POST", paths::SECRETS, json(secret)).await?.done()
    }

    /// `version` is the `ETag` that the secret must still have.
    pub async fn update_secret(
        self,
        key: &str,
        update: &UpdateSecret,
        version: String,
    ) -> Answer<()> {
        let request = Request { body: json(update), if_match: Some(version) };
        self.watched("PUT", send("PUT", below(paths::SECRETS, key), request)).await?.done()
    }

    pub async fn delete_secret(self, key: &str) -> Answer<()> {
        self.signed_in("DELETE", &below(paths::SECRETS, key), None).await?.done()
    }

    pub fn set_provider(self, provider: &str, set: &SetProvider) -> Exchange {
        self.signed_in("PUT", &below(paths::PROVIDERS, provider), json(set))
    }

    pub fn update_provider(self, provider: &str, update: &UpdateProvider) -> Exchange {
        self.signed_in("PATCH", &below(paths::PROVIDERS, provider), json(update))
    }

    pub fn delete_provider(self, provider: &str) -> Exchange {
        self.signed_in("DELETE", &below(paths::PROVIDERS, provider), None)
    }

    pub fn set_model(self, provider: &str, model: &str, set: &SetModel) -> Exchange {
        self.signed_in("PUT", &model_path(provider, model), json(set))
    }

    pub fn delete_model(self, provider: &str, model: &str) -> Exchange {
        self.signed_in("DELETE", &model_path(provider, model), None)
    }

    /// Which key a program would get; an empty model means the provider itself.
    pub async fn explain(self, provider: &str, model: &str) -> Answer<Explained> {
        let parts = [("provider", provider), ("model", model), ("explain", "true")];
        self.signed_in("GET", &with_query(paths::RESOLVE, &parts), None).await?.data()
    }

    pub async fn encryption(self) -> Answer<EncryptionStatus> {
        self.signed_in("GET", paths::ENCRYPTION, None).await?.data()
    }

    /// Answers when every value is re-encrypted, without a time limit.
    pub async fn rotate(self) -> Answer<Rotated> {
        self.signed_in("POST", paths::ENCRYPTION_ROTATE, None).await?.data()
    }

    pub async fn replicas(self) -> Answer<Replicas> {
        self.signed_in("GET", paths::REPLICAS, None).await?.data()
    }

    /// The caller reads the members it needs: types for this answer would be downloaded for one
    /// line.
    pub fn audit(self, path: &str) -> Exchange {
        self.signed_in("GET", path, None)
    }

    /// Runs when it is not known whether a change was made.
    pub fn on_doubt(self, run: impl Fn() + 'static) {
        let before = self.doubts.get_untracked();
        effect(move || {
            if self.doubts.get() != before {
                run();
            }
        });
    }

    fn signed_in(self, method: &'static str, path: &str, body: Option<String>) -> Exchange {
        self.watched(method, exchange(method, path, body))
    }

    fn watched(self, method: &'static str, exchange: Exchange) -> Exchange {
        Box::pin(async move {
            let mut answer = exchange.await;
            // A question changes nothing: to ask it again because of itself would never end.
            if method != "GET" && answer.as_ref().is_err_and(ClientError::is_in_doubt) {
                self.doubts.update(|doubts| *doubts = doubts.wrapping_add(1));
            }
            if let Err(error) = &mut answer
                && error.status() == Some(401)
            {
                error.cause = Cause::SessionLost;
                self.session.end();
                self.location.navigate_to_sign_in();
            }
            answer
        })
    }
}

/// The only answer that carries a whole key.
pub fn created(body: Body) -> Answer<CreatedApiKey> {
    let text = body.json.member("data").member("key").read::<Sensitive>();
    let key = text.map_err(|_| ClientError { cause: Cause::Network, request_id: None })?;
    Ok(CreatedApiKey { record: body.data()?, key })
}

/// Where a change of a key is in effect; `None` when it took nothing away.
pub fn effective(body: &Body) -> Option<Effective> {
    body.json.member("effective").read().ok()
}

/// Encodes an id as one segment: the id of an imported key and the name of a model may contain a
/// slash.
fn below(path: &str, id: &str) -> String {
    format!("{path}/{}", encode(id).replace('/', "%2F"))
}

fn model_path(provider: &str, model: &str) -> String {
    below(&format!("{}/models", below(paths::PROVIDERS, provider)), model)
}

#[cfg(test)]
mod tests {
    use super::model_path;

    #[test]
    fn a_model_is_one_segment_of_the_path_whatever_its_name() {
        assert_eq!(
            model_path("open-router_2", "meta/Llama-3.1_8b:free ~\u{e4}?"),
            "/api/providers/open-router_2/models/meta%2FLlama-3.1_8b%3Afree%20~%C3%A4%3F"
        );
    }
}
