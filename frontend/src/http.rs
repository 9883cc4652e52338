//! Sends a request and reads its answer. No other file does HTTP.

use std::pin::Pin;

use keyward_api::{Problem, paths};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use crate::json::Json;

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

    /// Puts what the server said about some fields at those fields, and answers whether it
    /// said anything about one of them. The form may be gone meanwhile, so that nothing may
    /// be read from it.
    pub fn place(&self, fields: &[(&str, RwSignal<Option<String>>)]) -> bool {
        for (name, sentence) in fields {
            sentence.set(self.field(name).map(str::to_owned));
        }
        fields.iter().any(|(name, _)| self.field(name).is_some())
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

/// An answer that is not Keyward's.
pub fn unreadable() -> ClientError {
    ClientError { cause: Cause::Network, request_id: None }
}

/// What comes of a request.
pub type Answer<T> = Result<T, ClientError>;

/// A request under way. Boxed, so that the code that waits is there once.
pub type Exchange = Pin<Box<dyn Future<Output = Answer<Body>>>>;

/// What is sent always can be written as JSON: it has no map whose keys are no text.
pub fn json<T: Serialize>(body: &T) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// An answer that is a success.
pub struct Body {
    /// All of it.
    pub json: Json,
    request_id: Option<String>,
}

impl Body {
    /// The `data` of the answer.
    pub fn data<T: DeserializeOwned>(self) -> Answer<T> {
        Body { json: self.json.member("data"), ..self }.whole()
    }

    /// It was done, and what the answer tells is known already.
    pub fn done(self) -> Answer<()> {
        let is_ours = self.json.member("data").0.is_object();
        let lost = ClientError { cause: Cause::Network, request_id: self.request_id };
        if is_ours { Ok(()) } else { Err(lost) }
    }

    /// All of the answer.
    pub fn whole<T: DeserializeOwned>(self) -> Answer<T> {
        let request_id = self.request_id;
        self.json.read().map_err(|_| ClientError { cause: Cause::Network, request_id })
    }
}

/// What a request carries.
pub struct Request {
    /// JSON.
    pub body: Option<String>,
    /// The `ETag` that what is changed must still have.
    pub if_match: Option<String>,
}

/// A request without conditions.
pub fn exchange(method: &'static str, path: &str, body: Option<String>) -> Exchange {
    send(method, path.to_owned(), Request { body, if_match: None })
}

/// Sends a request and reads its answer.
pub fn send(method: &'static str, path: String, request: Request) -> Exchange {
    Box::pin(async move {
        let unreachable = |_| unreadable();
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
    if path != paths::ENCRYPTION_ROTATE {
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
