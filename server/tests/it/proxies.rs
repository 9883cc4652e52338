//! The configurations in `server/proxies`, in the proxies themselves: each runs with the file
//! that is shipped, between a client and a service that reports what reached it, and asks
//! Keyward. In all of them `/catalog` needs any good key, but for `/catalog/drafts`, which needs
//! the scope `orders:write` as everything else does.
//!
//! On SQLite alone: a proxy sees the answers of Keyward and nothing of the database behind.

/// Makes each of the named functions a test of each proxy. They take the [`proxy::Kind`].
macro_rules! in_each_proxy {
    ($($name:ident),+ $(,)?) => {
        mod nginx {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::proxies::proxy::Kind::Nginx).await; }
            )+
        }
        mod caddy {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::proxies::proxy::Kind::Caddy).await; }
            )+
        }
        mod haproxy {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::proxies::proxy::Kind::Haproxy).await; }
            )+
        }
        mod traefik {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::proxies::proxy::Kind::Traefik).await; }
            )+
        }
        mod envoy {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::proxies::proxy::Kind::Envoy).await; }
            )+
        }
    };
}

mod passing;
mod proxy;
mod raw;
mod readers;
mod spellings;
mod stage;

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::sleep;

use proxy::Kind;
use stage::Stage;

in_each_proxy!(
    a_good_key_passes_with_its_identity_and_without_the_key,
    whatever_is_not_one_good_key_is_refused,
    forged_headers_do_not_pass,
    a_scope_is_needed_everywhere_but_where_an_exception_is_named,
    a_large_body_arrives_whole,
    under_load_each_request_is_judged_by_its_own_key,
    the_address_that_a_client_claims_to_have_is_not_believed,
    who_tried_too_many_keys_is_refused_with_retry_after,
    nothing_passes_while_keyward_is_away,
);

/// A path that needs any good key.
const OPEN: &str = "/catalog";

/// Keyward's headers as a client would like them. Some services take a name with underscores
/// for the same name with hyphens.
const FORGED: [(&str, &str); 6] = [
    ("x-keyward-key-id", "admin"),
    ("x-keyward-key-name", "admin"),
    ("x-keyward-scopes", "admin"),
    ("x-keyward-scope", "admin"),
    ("x_keyward_key_id", "admin"),
    ("x-keyward_scopes", "admin"),
];

async fn a_good_key_passes_with_its_identity_and_without_the_key(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let admin = app.admin().await;
    let wanted = json!({ "name": "größe, 1 %", "scopes": ["orders:write", "a"] });
    let (id, key) = admin.create_key(&wanted).await;
    let bearer = format!("Bearer {key}");
    for header in [("x-api-key", key.as_str()), ("authorization", bearer.as_str())] {
        let got = stage.allowed("/a/b?x=1&y=%20", &[header]).await;
        let name = "gr%C3%B6%C3%9Fe%2C%201%20%25";
        assert_eq!(keyward_headers(&got), identity(&id, name, "a orders:write"));
        assert_eq!((&got["path"], &got["query"]), (&json!("/a/b"), &json!("x=1&y=%20")));
    }
    let (id, key) = admin.create_key(&json!({ "name": "plain" })).await;
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let header = ("x-api-key", key.as_bytes());
        let got = stage.client.send(method.clone(), OPEN, &[header], None).await.expect(200).body();
        assert_eq!(got["method"], method.as_str());
        assert_eq!(keyward_headers(&got), identity(&id, "plain", ""));
    }
}

async fn whatever_is_not_one_good_key_is_refused(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let admin = app.admin().await;
    let (_, good) = admin.create_key(&json!({ "name": "good" })).await;
    let (id, revoked) = admin.create_key(&json!({ "name": "revoked" })).await;
    let revoked = [("x-api-key", revoked.as_str())];
    stage.allowed(OPEN, &revoked).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);

    let bearer = format!("Bearer {good}");
    let good = ("x-api-key", good.as_str());
    let unknown = ("x-api-key", "kw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAZClWt");
    let cases: [&[(&str, &str)]; 10] = [
        &[],
        &[("x-api-key", "")],
        &[unknown],
        &revoked,
        &[good, good],
        &[good, unknown],
        &[unknown, good],
        &[good, ("authorization", &bearer)],
        &[("authorization", "Bearer kw_unknown")],
        &[("authorization", "Basic YTpi")],
    ];
    for case in cases {
        let answer = stage.refused(&[401], OPEN, case).await;
        let challenge = r#"ApiKey realm="keyward", header="x-api-key""#;
        assert_eq!(answer.header("www-authenticate"), challenge, "{case:?}");
    }
}

async fn forged_headers_do_not_pass(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let admin = app.admin().await;
    for (name, scopes) in [("with", "orders:write"), ("without", "")] {
        let list: Vec<_> = scopes.split_whitespace().collect();
        let (id, key) = admin.create_key(&json!({ "name": name, "scopes": list })).await;
        let key = ("x-api-key", key.as_str());
        let forged: Vec<_> = FORGED.into_iter().chain([key]).collect();
        let got = stage.allowed(OPEN, &forged).await;
        assert_eq!(keyward_headers(&got), identity(&id, name, scopes));
        // HTTP has a proxy remove the headers that `Connection` names, no matter who set them.
        let names = "x-keyward-key-id, X-Keyward-Key-Name, x-keyward-scopes";
        let answer = stage.ask(OPEN, &[key, ("connection", names)]).await;
        if answer.status != 400 {
            let got = answer.expect(200).body();
            assert_eq!(keyward_headers(&got), identity(&id, name, scopes));
        }
    }
    stage.refused(&[401], OPEN, &FORGED).await;
}

async fn a_scope_is_needed_everywhere_but_where_an_exception_is_named(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let admin = app.admin().await;
    let body = json!({ "name": "reader", "scopes": ["orders:read"] });
    let (_, reader) = admin.create_key(&body).await;
    let reader = ("x-api-key", reader.as_str());
    let body = json!({ "name": "writer", "scopes": ["orders:write"] });
    let (id, writer) = admin.create_key(&body).await;
    let writer = ("x-api-key", writer.as_str());

    for path in ["/", "/orders", "/orders/1", "/bills", "/catalogs", "/CATALOG", "/catalog/drafts"]
    {
        for query in ["", "?scope=orders:read", "?scope=", "?/catalog"] {
            let path = format!("{path}{query}");
            stage.refused(&[403], &path, &[reader]).await;
            stage.refused(&[401], &path, &[]).await;
            stage.allowed(&path, &[writer]).await;
        }
    }
    for path in ["/catalog/Drafts", "/catalog/drafts/1", "/catalog/draftsman"] {
        stage.refused(&[403], path, &[reader]).await;
        stage.allowed(path, &[writer]).await;
    }
    for forged in [("x-keyward-scope", "orders:read"), ("connection", "X-Keyward-Scope")] {
        stage.refused(&[400, 403], "/orders", &[reader, forged]).await;
    }
    let got = stage.allowed("/orders/1?scope=a", &[writer, ("x-keyward-scope", "b")]).await;
    assert_eq!(keyward_headers(&got), identity(&id, "writer", "orders:write"));
    assert_eq!((&got["path"], &got["query"]), (&json!("/orders/1"), &json!("scope=a")));
    for path in [OPEN, "/catalog/", "/catalog/1"] {
        let got = stage.allowed(&format!("{path}?scope=orders:write"), &[reader]).await;
        assert_eq!(got["query"], "scope=orders:write");
    }
}

async fn a_large_body_arrives_whole(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let (_, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let body: Vec<u8> = (0..251).cycle().take(8 * 1024 * 1024).collect();
    let sum = crc32fast::hash(&body);
    let headers = [("x-api-key", key.as_bytes())];
    let answer = stage.client.send(Method::POST, "/catalog/upload", &headers, Some(body)).await;
    let got = answer.expect(200).body();
    assert_eq!((&got["length"], &got["sum"]), (&json!(8 * 1024 * 1024), &json!(sum)));
}

async fn under_load_each_request_is_judged_by_its_own_key(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let admin = app.admin().await;
    let (a, first) = admin.create_key(&json!({ "name": "first" })).await;
    let (b, second) = admin.create_key(&json!({ "name": "second", "scopes": ["a"] })).await;
    let good = [(first, identity(&a, "first", "")), (second, identity(&b, "second", "a"))];
    let before = stage.calls();
    let (stage, good) = (&stage, &good);
    let worker = |n: usize| async move {
        for _ in 0..30 {
            // After too many wrong keys it is 403.
            let answer = stage.ask(OPEN, &[("x-api-key", "kw_unknown")]).await;
            assert!([401, 403].contains(&answer.status), "{answer:?}");
            let (key, expected) = &good[n % 2];
            let got = stage.ask(OPEN, &[("x-api-key", key)]).await.expect(200).body();
            assert_eq!(keyward_headers(&got), *expected);
        }
    };
    join_all((0..32).map(worker)).await;
    assert_eq!(stage.calls(), before + 32 * 30);
}

async fn the_address_that_a_client_claims_to_have_is_not_believed(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let admin = app.admin().await;
    let claims = ("x-forwarded-for", "198.51.100.7");
    for (network, passes) in [("127.0.0.0/8", true), ("198.51.100.0/24", false)] {
        let wanted = json!({ "name": network, "allowedNetworks": [network] });
        let (_, key) = admin.create_key(&wanted).await;
        let headers = [("x-api-key", key.as_str()), claims];
        if passes {
            stage.allowed(OPEN, &headers).await;
        } else {
            stage.refused(&[403], OPEN, &headers).await;
        }
    }
}

async fn who_tried_too_many_keys_is_refused_with_retry_after(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let (_, good) = app.admin().await.create_key(&json!({ "name": "good" })).await;
    // An address that has presented a good key is not kept out by others who share it.
    stage.allowed(OPEN, &[("x-api-key", &good)]).await;
    let mut answer = stage.ask(OPEN, &[("x-api-key", "kw_0")]).await.expect(401);
    for n in 1..1_000 {
        if answer.status != 401 {
            break;
        }
        let wrong = format!("kw_{n}");
        answer = stage.refused(&[401, 403], OPEN, &[("x-api-key", &wrong)]).await;
    }
    let answer = answer.expect(403);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    stage.allowed(OPEN, &[("x-api-key", &good)]).await;
}

async fn nothing_passes_while_keyward_is_away(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let (_, good) = app.admin().await.create_key(&json!({ "name": "good" })).await;
    let good = [("x-api-key", good.as_str())];
    stage.allowed(OPEN, &good).await;
    let keyward = app.address;
    drop(app);
    while TcpStream::connect(keyward).await.is_ok() {
        sleep(Duration::from_millis(10)).await;
    }
    // On connections that are open it may answer a moment longer.
    for _ in 0..100 {
        if stage.ask(OPEN, &good).await.status != 200 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    let unknown = [("x-api-key", "kw_unknown")];
    let cases: [(&str, &[(&str, &str)]); 5] =
        [(OPEN, &good), ("/orders", &good), (OPEN, &unknown), (OPEN, &FORGED), (OPEN, &[])];
    // All at once, as HAProxy asks four times, a second apart, before it gives up.
    let answers = cases.map(|(path, headers)| stage.refused(&[500, 502, 503, 504], path, headers));
    join_all(answers).await;
    // This is when a proxy writes most about a request.
    let log = stage.log();
    assert!(!log.contains("kw_"), "{log}");
}

/// Without a proxy: what they ask may end in a slash, as some put one after an address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_at_the_end_of_the_question_changes_nothing() {
    let app = stage::keyward().await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n", "scopes": ["a"] })).await;
    let client = app.anonymous();
    let key = ("x-api-key", key.as_bytes());
    for path in ["/api/verify", "/api/verify/"] {
        for (query, status) in [("", 200), ("?scope=a", 200), ("?scope=b", 403), ("?scope=", 403)] {
            let question = format!("{path}{query}");
            let answer = client.get_with(&question, &[key]).await.expect(status);
            assert_eq!(answer.header("x-keyward-key-id"), if status == 200 { &*id } else { "" });
            client.get_with(&question, &[]).await.expect(401);
        }
        let headers = [key, ("x-keyward-scope", b"b".as_slice())];
        client.send(Method::POST, path, &headers, None).await.expect(403);
    }
    // Whatever else looks like the question is no consent.
    for path in [
        "/api/verify//",
        "//api/verify",
        "/api//verify",
        "/API/verify",
        "/api/verify;x",
        "/api/verify%2f",
        "/api/verify/x",
        "/api/verify/envoys",
        "/verify",
    ] {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let answer = client.send(method, path, &[key], None).await;
            assert!([404, 405].contains(&answer.status), "{path}: {answer:?}");
        }
    }
}

/// The headers of an identity, as [`keyward_headers`] writes them.
fn identity(id: &str, name: &str, scopes: &str) -> String {
    let mut text = format!("x-keyward-key-id: {id}\nx-keyward-key-name: {name}\n");
    if !scopes.is_empty() {
        text = format!("{text}x-keyward-scopes: {scopes}\n");
    }
    text
}

/// All that reached the service and could be taken for a header of Keyward, sorted. An empty one
/// says no more than none, and not every proxy passes it on.
fn keyward_headers(got: &Value) -> String {
    let headers: Vec<(String, String)> = serde_json::from_value(got["headers"].clone()).unwrap();
    let mut lines: Vec<_> = headers
        .iter()
        .filter(|(name, value)| name.contains("keyward") && !value.is_empty())
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    lines.sort();
    lines.concat()
}
