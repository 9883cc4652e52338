//! The rules of the crate, each with a server that stands in for Keyward.

mod stub;

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt, service_fn};

use self::stub::{GOOD, OWN, Stub, stalling, verdict};
use super::*;
use crate::header::{MAX_BYTES, X_API_KEY};

fn request(keys: &[&[u8]]) -> Request<String> {
    let mut request = Request::new("body".to_owned());
    request.headers_mut().insert("x-other", HeaderValue::from_static("stays"));
    for key in keys {
        request.headers_mut().append(X_API_KEY, HeaderValue::from_bytes(key).unwrap());
    }
    request
}

/// Tells what reaches it.
async fn inner(request: Request<String>) -> Result<Response<String>, Infallible> {
    let (parts, body) = request.into_parts();
    let caller = parts.extensions.get::<Caller>().unwrap();
    let scopes: Vec<_> = caller.scopes.iter().collect();
    let names: Vec<_> = parts.headers.keys().map(ToString::to_string).collect();
    let seen = json!([caller.key_id, caller.name, scopes, names, body]);
    Ok(Response::new(seen.to_string()))
}

async fn call(layer: &KeywardLayer, keys: &[&[u8]]) -> (StatusCode, HeaderMap, Value) {
    let response = layer.layer(service_fn(inner)).oneshot(request(keys)).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, serde_json::from_str(&body).unwrap())
}

#[track_caller]
fn assert_refused(
    (status, headers, body): &(StatusCode, HeaderMap, Value),
    expected: u16,
    code: &str,
) {
    assert_eq!((status.as_u16(), &body["code"]), (expected, &json!(code)), "{body}");
    assert_eq!((&body["status"], &body["type"]), (&json!(expected), &json!("about:blank")));
    assert_eq!(body["title"], status.canonical_reason().unwrap());
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers.contains_key(WWW_AUTHENTICATE), expected == 401);
}

#[tokio::test]
async fn a_good_key_reaches_the_inner_service_as_its_caller_without_the_key() {
    let stub = Stub::saying("VALID").await;
    let (status, _, seen) = call(&stub.layer(), &[GOOD.as_bytes()]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen, json!(["1", "Gr\u{fc}\u{df}e", ["orders:read"], ["x-other"], "body"]));
    assert_eq!(stub.questions(), [json!({ "key": GOOD })]);
}

#[tokio::test]
async fn without_one_key_it_is_401_and_nobody_is_asked() {
    let stub = Stub::saying("VALID").await;
    let long = vec![b'a'; MAX_BYTES + 1];
    let (good, both) = (GOOD.as_bytes(), format!("{GOOD},{GOOD}"));
    let cases: [&[&[u8]]; 7] =
        [&[], &[b""], &[good, good], &[both.as_bytes()], &[b"a b"], &[&long], &[b"\xf6"]];
    for keys in cases {
        assert_refused(&call(&stub.layer(), keys).await, 401, "unauthenticated");
    }
    assert_eq!(stub.questions(), [json!(null); 0]);
}

#[tokio::test]
async fn each_verdict_has_its_answer() {
    for (code, status, word) in [
        ("ADDRESS_NOT_ALLOWED", 403, "address_not_allowed"),
        ("RATE_LIMITED", 429, "rate_limited"),
        ("INSUFFICIENT_SCOPE", 403, "missing_scope"),
    ] {
        let layer = Stub::saying(code).await.layer().with_scope("orders:write").unwrap();
        assert_refused(&call(&layer, &[GOOD.as_bytes()]).await, status, word);
    }
}

#[tokio::test]
async fn whoever_has_no_good_key_does_not_learn_why() {
    let missing = call(&Stub::saying("VALID").await.layer(), &[]).await;
    let challenge = r#"ApiKey realm="keyward", header="x-api-key""#;
    assert_eq!(missing.1[WWW_AUTHENTICATE], challenge);
    for code in ["NOT_FOUND", "EXPIRED", "DISABLED"] {
        let stub = Stub::saying(code).await;
        assert_eq!(call(&stub.layer(), &[GOOD.as_bytes()]).await, missing, "{code}");
        assert_eq!(stub.questions().len(), 1);
    }
}

#[tokio::test]
async fn whatever_is_no_verdict_is_503() {
    let valid = verdict("VALID");
    let with = |member: &str, value: Value| {
        let mut body = valid.clone();
        body["data"][member] = value;
        body.to_string()
    };
    let cases = [
        // The back end's own key is refused: not a word about the key of the caller.
        (401, valid.to_string()),
        (403, valid.to_string()),
        (429, valid.to_string()),
        (500, valid.to_string()),
        (204, String::new()),
        (307, valid.to_string()),
        (200, String::new()),
        (200, "null".to_owned()),
        (200, "{}".to_owned()),
        (200, r#"{"data":{}}"#.to_owned()),
        (200, "<html></html>".to_owned()),
        (200, valid["data"].to_string()),
        (200, valid.to_string() + &" ".repeat(70_000)),
        (200, valid.to_string() + "x"),
        (200, with("valid", json!(false))),
        (200, with("keyId", json!(null))),
        (200, with("name", json!(null))),
        (200, with("code", json!("UNHEARD_OF"))),
        (200, with("code", json!("INSUFFICIENT_SCOPE"))),
    ];
    for (status, body) in cases {
        let stub = Stub::new(status, body.clone()).await;
        let answer = call(&stub.layer(), &[GOOD.as_bytes()]).await;
        assert_refused(&answer, 503, "verification_unavailable");
        assert_eq!(stub.questions().len(), 1, "{status} {body}");
    }
}

#[tokio::test]
async fn a_keyward_that_is_slow_or_gone_is_503() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [
        format!("http://{gone}"),
        stalling("").await,
        stalling("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":").await,
    ] {
        let layer = KeywardLayer::new(&url, OWN).unwrap().with_timeout(Duration::from_millis(200));
        let (keys, limit) = ([GOOD.as_bytes()], Duration::from_secs(20));
        let answer = tokio::time::timeout(limit, call(&layer, &keys)).await.unwrap();
        assert_refused(&answer, 503, "verification_unavailable");
    }
}

/// No other member of this workspace gives `reqwest` an implementation of TLS.
#[tokio::test]
async fn without_tls_no_key_is_sent_in_the_clear_to_an_https_url() {
    let stub = Stub::saying("VALID").await;
    let url = stub.url.replace("http:", "https:");
    let layer = KeywardLayer::new(&url, OWN).unwrap();
    assert_refused(&call(&layer, &[GOOD.as_bytes()]).await, 503, "verification_unavailable");
    assert_eq!(stub.questions(), [json!(null); 0]);
}

#[tokio::test]
async fn the_scope_and_the_address_are_asked_about() {
    let stub = Stub::saying("VALID").await;
    let plain = stub.layer();
    let reading = plain.clone().with_scope("orders:read").unwrap();
    let located = reading.clone().with_address(|parts| parts.extensions.get().copied());
    let question = json!({ "key": GOOD, "scope": "orders:read" });
    let located_question = json!({ "key": GOOD, "scope": "orders:read", "address": "192.0.2.1" });
    let address = Ipv4Addr::new(192, 0, 2, 1);
    for (layer, address, expected) in [
        (&plain, Some(IpAddr::V4(address)), json!({ "key": GOOD })),
        (&reading, Some(IpAddr::V4(address)), question.clone()),
        (&located, None, question),
        (&located, Some(IpAddr::V4(address)), located_question.clone()),
        (&located, Some(IpAddr::V6(address.to_ipv6_mapped())), located_question),
    ] {
        let mut request = request(&[GOOD.as_bytes()]);
        address.map(|address| request.extensions_mut().insert(address));
        let response = layer.layer(service_fn(inner)).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(stub.questions(), [expected]);
    }
}

#[test]
fn a_scope_that_is_none_is_told_at_the_start() {
    let layer = KeywardLayer::new("http://127.0.0.1:8080", OWN).unwrap();
    let error = layer.with_scope("Orders").unwrap_err().to_string();
    assert_eq!(error, "Scope must look like orders:write (lower case, at most 128 characters)");
}

/// May be called once for each time it was polled ready, as the contract of tower says; its
/// clones were not polled.
#[derive(Default)]
struct Strict {
    is_ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<String>> for Strict {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        let was_ready = std::mem::take(&mut self.is_ready);
        std::future::ready(was_ready.then(Response::default).ok_or("called before it was ready"))
    }
}

#[tokio::test]
async fn the_inner_service_is_called_when_it_was_ready() {
    let stub = Stub::saying("VALID").await;
    let mut service = stub.layer().layer(Strict::default());
    let good = || request(&[GOOD.as_bytes()]);
    let first = service.ready().await.unwrap().call(good());
    let second = service.ready().await.unwrap().call(good());
    for response in [second.await, first.await] {
        assert_eq!(response.unwrap().status(), StatusCode::OK);
    }
    // Called against the contract, it is the inner service that says so.
    assert!(service.call(good()).await.is_err());
}

#[tokio::test]
async fn polled_after_its_answer_the_future_does_not_panic() {
    let layer = Stub::saying("NOT_FOUND").await.layer();
    for keys in [&[][..], &[GOOD.as_bytes()]] {
        let mut future = pin!(layer.layer(service_fn(inner)).call(request(keys)));
        assert_eq!(future.as_mut().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        poll_fn(|context| {
            assert!(future.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    }
}

/// What the whole process logs, of all tests that run meanwhile as well.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_key_is_printed() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let echo = format!(r#"{{"data":{{"valid":"{GOOD}","code":"{GOOD}"}}}}"#);
    for stub in [
        Stub::saying("VALID").await,
        Stub::saying("NOT_FOUND").await,
        Stub::new(401, "").await,
        Stub::new(200, echo).await,
    ] {
        call(&stub.layer(), &[GOOD.as_bytes()]).await;
        call(&stub.layer(), &[GOOD.as_bytes(), GOOD.as_bytes()]).await;
        let printed = format!("{0:?} {0:#?} {1:?}", stub.layer(), stub.layer().layer(()));
        assert!(!printed.contains("planted"), "{printed}");
    }
    let gone = KeywardLayer::new("http://127.0.0.1:1", OWN).unwrap();
    call(&gone, &[GOOD.as_bytes()]).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in ["NotFound", "Keyward refuses the key of this back end", "is no verdict"] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert!(log.contains("Keyward does not answer"), "{log}");
    assert!(!log.contains("planted"), "{log}");
}
