//! Sends a request and reads its answer. No other file does HTTP.

use std::pin::Pin;

use keyward_api::{Problem, paths};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCache, RequestInit, Response};

use crate::json::Json;

/// A request that takes longer has failed, in milliseconds.
const TIMEOUT_MS: u32 = 30_000;

#[derive(Clone, Debug)]
pub struct ClientError {
    pub cause: Cause,
    /// The `x-request-id` of the answer, which a person quotes to an operator.
    pub request_id: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Cause {
    /// The server refused with a problem document.
    Problem(Box<Problem>),
    /// No answer, or one that does not come from Keyward.
    Network,
    /// The session is unknown to the server.
    SessionLost,
}

impl ClientError {
    pub fn message(&self) -> &str {
        match &self.cause {
            Cause::Problem(problem) => &problem.message,
            Cause::Network => {
                "The server could not be reached. Check the connection and try again."
            }
            Cause::SessionLost => "You are signed out. Sign in again.",
        }
    }

    /// The sentence of the server about one field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.problem()?.field(name)
    }

    /// Shows the sentences of the server at their fields; whether it had one for any of them. Reads
    /// no signal, since the form may be gone.
    pub fn show_at(&self, fields: &[(&str, RwSignal<Option<String>>)]) -> bool {
        for (name, sentence) in fields {
            sentence.set(self.field(name).map(str::to_owned));
        }
        fields.iter().any(|(name, _)| self.field(name).is_some())
    }

    /// The problem document of a refusal.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.cause {
            Cause::Problem(problem) => Some(problem),
            Cause::Network | Cause::SessionLost => None,
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        Some(self.problem()?.status)
    }

    /// Whether the change may have been made, so that what is shown may be out of date.
    pub fn is_in_doubt(&self) -> bool {
        self.problem().is_some_and(|problem| problem.code == "outcome_unknown")
    }

    /// With the request id, if there is one. Where it is shown, [`parted`] finds the id again.
    pub fn full_message(&self) -> String {
        match &self.request_id {
            Some(id) => format!("{}{REQUEST}{id})", self.message()),
            None => self.message().to_owned(),
        }
    }
}

const REQUEST: &str = " (request ";

/// The sentence, and the request id that [`ClientError::full_message`] put behind it.
pub fn parted(text: &str) -> (&str, Option<&str>) {
    let parts = text.strip_suffix(')').and_then(|text| text.rsplit_once(REQUEST));
    let is_id = |id: &str| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match parts {
        Some((sentence, id)) if is_id(id) => (sentence, Some(id)),
        _ => (text, None),
    }
}

/// For an answer that does not come from Keyward.
pub fn unreadable() -> ClientError {
    ClientError { cause: Cause::Network, request_id: None }
}

pub type Answer<T> = Result<T, ClientError>;

/// Boxed, so that the code that waits is compiled once.
pub type Exchange = Pin<Box<dyn Future<Output = Answer<Body>>>>;

/// Never `None` for the types of `keyward-api`: none has a map with other keys than text.
pub fn json<T: Serialize>(body: &T) -> Option<String> {
    serde_json::to_string(body).ok()
}

pub struct Body {
    pub json: Json,
    request_id: Option<String>,
}

impl Body {
    pub fn data<T: DeserializeOwned>(self) -> Answer<T> {
        Body { json: self.json.member("data"), ..self }.whole()
    }

    /// Drops the data, which the page knows already.
    pub fn done(self) -> Answer<()> {
        let is_ours = self.json.member("data").is_object();
        let lost = ClientError { cause: Cause::Network, request_id: self.request_id };
        if is_ours { Ok(()) } else { Err(lost) }
    }

    pub fn whole<T: DeserializeOwned>(self) -> Answer<T> {
        let request_id = self.request_id;
        self.json.read().map_err(|_| ClientError { cause: Cause::Network, request_id })
    }
}

pub struct Request {
    pub body: Option<String>,
    /// The `ETag` that the resource must still have.
    pub if_match: Option<String>,
}

pub fn exchange(method: &'static str, path: &str, body: Option<String>) -> Exchange {
    send(method, path.to_owned(), Request { body, if_match: None })
}

pub fn send(method: &'static str, path: String, request: Request) -> Exchange {
    Box::pin(async move {
        let unreachable = |_| unreadable();
        let init = init(method, &path, &request).map_err(unreachable)?;
        let answer = JsFuture::from(window().fetch_with_str_and_init(&path, &init)).await;
        let response: Response = answer.and_then(JsCast::dyn_into).map_err(unreachable)?;
        let request_id = response.headers().get("x-request-id").ok().flatten();
        // A body that is no JSON reads as `undefined`.
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

/// A text of this server that is no answer of the API, as it is now and not as the browser kept it.
pub async fn fetch_text(path: String) -> Answer<String> {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoCache);
    let unreachable = |_| unreadable();
    let answer = JsFuture::from(window().fetch_with_str_and_init(&path, &init)).await;
    let response: Response = answer.and_then(JsCast::dyn_into).map_err(unreachable)?;
    if !response.ok() {
        return Err(unreadable());
    }
    let text = JsFuture::from(response.text().map_err(unreachable)?).await.map_err(unreachable)?;
    text.as_string().ok_or_else(unreadable)
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

/// A proxy in between may answer in HTML: only its status is known.
fn refusal(status: u16, json: Json, request_id: Option<String>) -> ClientError {
    let problem = json.read().unwrap_or_else(|_| {
        let text = format!("The server answered with status {status}.");
        Problem::new(status, "", "unexpected_answer", text)
    });
    ClientError { cause: Cause::Problem(Box::new(problem)), request_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_and_its_request_id_are_put_together_and_parted() {
        let problem = Problem::new(503, "", "unavailable", "Try again.");
        let cause = Cause::Problem(Box::new(problem));
        let error = ClientError { cause, request_id: Some("0192f0aa-77aa".to_owned()) };
        assert_eq!(parted(&error.full_message()), ("Try again.", Some("0192f0aa-77aa")));
        let of_nothing = ClientError { request_id: None, ..error };
        assert_eq!(parted(&of_nothing.full_message()), ("Try again.", None));
        for text in ["a (request )", "a (request b c)", "(b)", ""] {
            assert_eq!(parted(text), (text, None));
        }
    }
}
