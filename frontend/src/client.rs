//! Every request the page makes. No other file does HTTP.

use std::pin::Pin;

use keyward_api::audit::{AuditEntry, AuditVerification};
use keyward_api::encryption::{EncryptionStatus, Rotated};
use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey};
use keyward_api::secrets::{CreateSecret, RevealedSecret, Secret, UpdateSecret};
use keyward_api::session::{Session, Setup, SetupStatus, SignIn};
use keyward_api::{Page, Problem, Sensitive};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use crate::json::Json;
use crate::place::Place;
use crate::routes::encode;
use crate::session::state::SessionState;

/// A request that takes longer has failed, in milliseconds.
const TIMEOUT_MS: u32 = 30_000;

/// The one request that may take as long as it needs.
const ROTATE: &str = "/api/admin/encryption/rotate";

/// Why a request did not succeed.
#[derive(Clone, Debug)]
pub struct ClientError {
    /// What kind of failure it is.
    pub cause: Cause,
    /// The `x-request-id` of the answer, for the person to quote to an operator.
    pub request_id: Option<String>,
}

/// The kinds of failure.
#[derive(Clone, Debug)]
pub enum Cause {
    /// The server refused, and said why.
    Problem(Box<Problem>),
    /// No answer, or one that is not Keyward's.
    Network,
    /// The person is not signed in any more.
    SessionLost,
}

impl ClientError {
    /// A sentence for a person.
    pub fn message(&self) -> &str {
        match &self.cause {
            Cause::Problem(problem) => &problem.message,
            Cause::Network => {
                "The server could not be reached. Check the connection and try again."
            }
            Cause::SessionLost => "You are signed out. Sign in again.",
        }
    }

    /// What the server said about one field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.problem()?.field(name)
    }

    /// The server's own words, if it spoke.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.cause {
            Cause::Problem(problem) => Some(problem),
            Cause::Network | Cause::SessionLost => None,
        }
    }

    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        Some(self.problem()?.status)
    }

    /// The sentence, and the request id when there is one.
    pub fn full_message(&self) -> String {
        match &self.request_id {
            Some(id) => format!("{} (request {id})", self.message()),
            None => self.message().to_owned(),
        }
    }
}

type Answer<T> = Result<T, ClientError>;

/// A request under way. Boxed, so that the code that waits is there once.
type Exchange = Pin<Box<dyn Future<Output = Answer<Body>>>>;

/// Speaks to the server this page came from. The session is a cookie that scripts
/// cannot read, so there is no credential in here.
#[derive(Clone, Copy)]
pub struct Client {
    /// Leads to the sign-in page when the server no longer knows the session. No caller
    /// can forget it.
    pub place: Place,
    /// Nobody is signed in then.
    pub session: SessionState,
}

impl Client {
    /// May the first administrator still be created?
    pub async fn setup_status(self) -> Answer<SetupStatus> {
        exchange("GET", "/api/setup", None).await?.data()
    }

    /// Creates the first administrator, who is signed in afterwards.
    pub async fn set_up(self, setup: &Setup) -> Answer<Session> {
        exchange("POST", "/api/setup", json(setup)).await?.data()
    }

    /// Signs in. Wrong credentials are the server's sentence, not a lost session.
    pub async fn sign_in(self, who: &SignIn) -> Answer<Session> {
        exchange("POST", "/api/session", json(who)).await?.data()
    }

    /// Who is signed in?
    pub async fn session(self) -> Answer<Session> {
        self.signed_in("GET", "/api/session", None).await?.data()
    }

    /// Signs out. The body of the answer does not matter.
    pub async fn sign_out(self) -> Answer<()> {
        exchange("DELETE", "/api/session", None).await.map(drop)
    }

    /// All keys, none of them whole.
    pub async fn keys(self) -> Answer<Vec<ApiKey>> {
        self.signed_in("GET", "/api/keys", None).await?.data()
    }

    /// Creates a key. The answer is the only time it is seen.
    pub async fn create_key(self, key: &CreateApiKey) -> Answer<CreatedApiKey> {
        let body = self.signed_in("POST", "/api/keys", json(key)).await?;
        let text = body.json.member("data").member("key").read::<Sensitive>();
        let key = text.map_err(|_| ClientError { cause: Cause::Network, request_id: None })?;
        Ok(CreatedApiKey { record: body.data()?, key })
    }

    /// Changes what is present in the update.
    pub async fn update_key(self, id: &str, update: &UpdateApiKey) -> Answer<ApiKey> {
        self.signed_in("PATCH", &below("/api/keys", id), json(update)).await?.data()
    }

    /// Deletes a key, for ever.
    pub async fn delete_key(self, id: &str) -> Answer<()> {
        self.signed_in("DELETE", &below("/api/keys", id), None).await?.done()
    }

    /// All secrets without their values.
    pub async fn secrets(self) -> Answer<Vec<Secret>> {
        self.signed_in("GET", "/api/secrets", None).await?.data()
    }

    /// One value. The server writes into its log that it was read.
    pub async fn reveal_secret(self, key: &str) -> Answer<Sensitive> {
        let body = self.signed_in("GET", &below("/api/secrets", key), None).await?;
        body.data::<RevealedSecret>().map(|secret| secret.value)
    }

    /// Keeps a new secret. The list tells more about it than the answer does.
    pub async fn create_secret(self, secret: &CreateSecret) -> Answer<()> {
        self.signed_in("POST", "/api/secrets", json(secret)).await?.done()
    }

    /// Changes what is present in the update, unless the secret is no longer as it was at
    /// `version`, an `ETag`.
    pub async fn update_secret(
        self,
        key: &str,
        update: &UpdateSecret,
        version: String,
    ) -> Answer<()> {
        let request = Request { body: json(update), if_match: Some(version) };
        self.watched(send("PUT", below("/api/secrets", key), request)).await?.done()
    }

    /// Deletes a secret, for ever.
    pub async fn delete_secret(self, key: &str) -> Answer<()> {
        self.signed_in("DELETE", &below("/api/secrets", key), None).await?.done()
    }

    /// The data keys, and a rotation that runs.
    pub async fn encryption(self) -> Answer<EncryptionStatus> {
        self.signed_in("GET", "/api/admin/encryption", None).await?.data()
    }

    /// Makes a new data key and seals every value anew. Answers when all of it is done,
    /// however long that takes.
    pub async fn rotate(self) -> Answer<Rotated> {
        self.signed_in("POST", ROTATE, None).await?.data()
    }

    /// A part of the audit log; `query` begins with its question mark.
    pub async fn audit(self, query: &str) -> Answer<Page<AuditEntry>> {
        self.signed_in("GET", &format!("/api/admin/audit{query}"), None).await?.whole()
    }

    /// Whether the audit log is as it was written.
    pub async fn verify_audit(self) -> Answer<AuditVerification> {
        self.signed_in("GET", "/api/admin/audit/verify", None).await?.data()
    }

    fn signed_in(self, method: &'static str, path: &str, body: Option<String>) -> Exchange {
        self.watched(exchange(method, path, body))
    }

    fn watched(self, exchange: Exchange) -> Exchange {
        Box::pin(async move {
            let mut answer = exchange.await;
            if let Err(error) = &mut answer
                && error.status() == Some(401)
            {
                error.cause = Cause::SessionLost;
                self.session.leave();
                self.place.go_and_sign_in();
            }
            answer
        })
    }
}

/// The name of a secret needs no encoding; the id of an imported key may be any text, a
/// slash included.
fn below(path: &str, id: &str) -> String {
    format!("{path}/{}", encode(id).replace('/', "%2F"))
}

/// What is sent always can be written as JSON: it has no map whose keys are no text.
fn json<T: Serialize>(body: &T) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// An answer that is a success.
struct Body {
    json: Json,
    request_id: Option<String>,
}

impl Body {
    /// The `data` of the answer.
    fn data<T: DeserializeOwned>(self) -> Answer<T> {
        Body { json: self.json.member("data"), ..self }.whole()
    }

    /// It was done, and what the answer tells is known already.
    fn done(self) -> Answer<()> {
        let is_ours = self.json.member("data").0.is_object();
        let lost = ClientError { cause: Cause::Network, request_id: self.request_id };
        if is_ours { Ok(()) } else { Err(lost) }
    }

    fn whole<T: DeserializeOwned>(self) -> Answer<T> {
        let request_id = self.request_id;
        self.json.read().map_err(|_| ClientError { cause: Cause::Network, request_id })
    }
}

/// What a request carries.
struct Request {
    body: Option<String>,
    /// The `ETag` that what is changed must still have.
    if_match: Option<String>,
}

fn exchange(method: &'static str, path: &str, body: Option<String>) -> Exchange {
    send(method, path.to_owned(), Request { body, if_match: None })
}

/// Sends a request and reads its answer.
fn send(method: &'static str, path: String, request: Request) -> Exchange {
    Box::pin(async move {
        let unreachable = |_| ClientError { cause: Cause::Network, request_id: None };
        let init = init(method, &path, &request).map_err(unreachable)?;
        let answer = JsFuture::from(window().fetch_with_str_and_init(&path, &init)).await;
        let response: Response = answer.and_then(JsCast::dyn_into).map_err(unreachable)?;
        let request_id = response.headers().get("x-request-id").ok().flatten();
        // What is no JSON has no member that anybody looks for.
        let json = match response.json() {
            Ok(reading) => JsFuture::from(reading).await.unwrap_or(JsValue::UNDEFINED),
            Err(_) => JsValue::UNDEFINED,
        };
        let json = Json(json);
        if response.ok() {
            Ok(Body { json, request_id })
        } else {
            Err(refusal(response.status(), json, request_id))
        }
    })
}

fn init(method: &str, path: &str, request: &Request) -> Result<RequestInit, JsValue> {
    let (init, headers) = (RequestInit::new(), Headers::new()?);
    init.set_method(method);
    if path != ROTATE {
        init.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
    }
    if let Some(body) = &request.body {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(body));
    }
    if let Some(version) = &request.if_match {
        headers.set("if-match", version)?;
    }
    init.set_headers(&headers);
    Ok(init)
}

/// A proxy in between may answer in HTML: its status is then all there is to say.
fn refusal(status: u16, json: Json, request_id: Option<String>) -> ClientError {
    let problem = json.read().unwrap_or_else(|_| {
        let text = format!("The server answered with status {status}.");
        Problem::new(status, "", "unexpected_answer", text)
    });
    ClientError { cause: Cause::Problem(Box::new(problem)), request_id }
}
