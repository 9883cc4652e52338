//! Every request the page makes. No other file does HTTP.

use gloo_net::http::{Method, RequestBuilder, Response};
use keyward_api::data::Deleted;
use keyward_api::keys::{ApiKey, CreateApiKey, CreatedApiKey, UpdateApiKey};
use keyward_api::session::{Session, Setup, SetupStatus, SignIn};
use keyward_api::{Data, Problem};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::routes::encode;

/// A request that takes longer has failed, in milliseconds.
const TIMEOUT_MS: u32 = 30_000;

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

    /// The sentence, and the request id when there is one.
    pub fn full_message(&self) -> String {
        match &self.request_id {
            Some(id) => format!("{} (request {id})", self.message()),
            None => self.message().to_owned(),
        }
    }
}

type Answer<T> = Result<T, ClientError>;

/// Speaks to the server this page came from. The session is a cookie that scripts
/// cannot read, so there is no credential in here.
#[derive(Clone, Copy)]
pub struct Client {
    /// Turns `true` when the server no longer knows the session; the shell then leads
    /// to the sign-in page. No caller can forget it.
    pub session_lost: RwSignal<bool>,
}

impl Client {
    /// The client of this page.
    pub fn new() -> Self {
        Self { session_lost: RwSignal::new(false) }
    }

    /// May the first administrator still be created?
    pub async fn setup_status(self) -> Answer<SetupStatus> {
        send(Method::GET, "/api/setup", None::<&()>).await
    }

    /// Creates the first administrator, who is signed in afterwards.
    pub async fn set_up(self, setup: &Setup) -> Answer<Session> {
        send(Method::POST, "/api/setup", Some(setup)).await
    }

    /// Signs in. Wrong credentials are the server's sentence, not a lost session.
    pub async fn sign_in(self, who: &SignIn) -> Answer<Session> {
        send(Method::POST, "/api/session", Some(who)).await
    }

    /// Who is signed in?
    pub async fn session(self) -> Answer<Session> {
        self.signed_in(Method::GET, "/api/session", None::<&()>).await
    }

    /// Signs out. The body of the answer does not matter.
    pub async fn sign_out(self) -> Answer<()> {
        exchange(Method::DELETE, "/api/session", None::<&()>).await.map(drop)
    }

    /// All keys, none of them whole.
    pub async fn keys(self) -> Answer<Vec<ApiKey>> {
        self.signed_in(Method::GET, "/api/keys", None::<&()>).await
    }

    /// Creates a key. The answer is the only time it is seen.
    pub async fn create_key(self, key: &CreateApiKey) -> Answer<CreatedApiKey> {
        self.signed_in(Method::POST, "/api/keys", Some(key)).await
    }

    /// Changes what is present in the update.
    pub async fn update_key(self, id: &str, update: &UpdateApiKey) -> Answer<ApiKey> {
        self.signed_in(Method::PATCH, &key_path(id), Some(update)).await
    }

    /// Deletes a key, for ever.
    pub async fn delete_key(self, id: &str) -> Answer<Deleted> {
        self.signed_in(Method::DELETE, &key_path(id), None::<&()>).await
    }

    async fn signed_in<B: Serialize, T: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Answer<T> {
        let mut answer = send(method, path, body).await;
        if let Err(error) = &mut answer
            && error.problem().is_some_and(|problem| problem.status == 401)
        {
            error.cause = Cause::SessionLost;
            self.session_lost.set(true);
        }
        answer
    }
}

/// The id of an imported key may be any text, a slash included.
fn key_path(id: &str) -> String {
    format!("/api/keys/{}", encode(id).replace('/', "%2F"))
}

/// Sends a request and reads the `data` of its answer.
async fn send<B: Serialize, T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: Option<&B>,
) -> Answer<T> {
    let response = exchange(method, path, body).await?;
    let request_id = response.headers().get("x-request-id");
    let text = response.text().await.unwrap_or_default();
    match serde_json::from_str::<Data<T>>(&text) {
        Ok(body) => Ok(body.data),
        Err(_) => Err(ClientError { cause: Cause::Network, request_id }),
    }
}

/// Sends a request and answers a response that is a success.
async fn exchange<B: Serialize>(method: Method, path: &str, body: Option<&B>) -> Answer<Response> {
    let unreachable = |_| ClientError { cause: Cause::Network, request_id: None };
    let signal = web_sys::AbortSignal::timeout_with_u32(TIMEOUT_MS);
    let builder = RequestBuilder::new(path).method(method).abort_signal(Some(&signal));
    let request = match body {
        Some(body) => builder.json(body),
        None => builder.build(),
    };
    let response = request.map_err(unreachable)?.send().await.map_err(unreachable)?;
    if response.ok() { Ok(response) } else { Err(refusal(response).await) }
}

/// A proxy in between may answer in HTML: its status is then all there is to say.
async fn refusal(response: Response) -> ClientError {
    let request_id = response.headers().get("x-request-id");
    let status = response.status();
    let problem = response.json::<Problem>().await.unwrap_or_else(|_| {
        let text = format!("The server answered with status {status}.");
        Problem::new(status, &response.status_text(), "unexpected_answer", text)
    });
    ClientError { cause: Cause::Problem(Box::new(problem)), request_id }
}
