//! Forward auth: who calls, for any method and any service.

use http::Method;
use serde_json::json;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    a_good_key_is_answered_with_its_identity_for_any_method,
    identity_headers_are_always_all_sent,
    whatever_is_not_one_good_key_is_refused_alike,
    requests_of_other_sites_and_bodies_of_any_size_pass,
    a_scope_that_is_asked_for_is_needed,
);

async fn a_good_key_is_answered_with_its_identity_for_any_method(backend: Backend) {
    let app = App::start(backend).await;
    let wanted = json!({ "name": "größe, 1 %", "scopes": ["orders:write", "a"] });
    let (id, key) = app.admin().await.create_key(&wanted).await;
    let client = app.anonymous();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "X-ODD"]
    {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let headers = [("x-api-key", key.as_bytes())];
        let answer = client.send(method.clone(), "/api/verify", &headers, None).await.expect(200);
        assert_eq!(answer.header("x-keyward-key-id"), id);
        assert_eq!(answer.header("x-keyward-key-name"), "gr%C3%B6%C3%9Fe%2C%201%20%25");
        assert_eq!(answer.header("x-keyward-scopes"), "a orders:write");
        assert_eq!(answer.header("cache-control"), "no-store");
        if method != Method::HEAD {
            let data =
                json!({ "keyId": id, "name": "größe, 1 %", "scopes": ["a", "orders:write"] });
            assert_eq!(answer.body(), json!({ "data": data }));
        }
    }
}

async fn identity_headers_are_always_all_sent(backend: Backend) {
    let app = App::start(backend).await;
    let (_, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let answer = app.verify(&key).await.expect(200);
    for header in ["x-keyward-key-id", "x-keyward-key-name", "x-keyward-scopes"] {
        assert!(answer.headers.contains_key(header), "{header}");
    }
    assert_eq!(answer.header("x-keyward-scopes"), "");
}

async fn whatever_is_not_one_good_key_is_refused_alike(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, good) = admin.create_key(&json!({ "name": "good" })).await;
    let (id, revoked) = admin.create_key(&json!({ "name": "revoked" })).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    let (id, disabled) = admin.create_key(&json!({ "name": "disabled" })).await;
    admin.patch(&format!("/api/keys/{id}"), &json!({ "enabled": false })).await.expect(200);
    let soon = json!({ "name": "expired", "expiresAt": "2026-01-01T12:00:01Z" });
    let (_, expired) = admin.create_key(&soon).await;
    app.clock.advance(std::time::Duration::from_secs(1));

    let good = good.as_bytes();
    let both = [good, b",", good].concat();
    let longer = [good, b"A"].concat();
    let long = vec![b'k'; 10_000];
    let unknown = b"kw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAZClWt";
    let cases: [&[&[u8]]; 16] = [
        &[],
        &[b""],
        &[b"x"],
        &[unknown],
        &[revoked.as_bytes()],
        &[disabled.as_bytes()],
        &[expired.as_bytes()],
        &[good, good],
        &[good, b"x"],
        &[&both],
        &[&longer],
        &[&good[..50]],
        &[&long],
        &["kw_\u{fc}\u{1f511}".as_bytes()],
        &[b"\xff\xfe"],
        &[b"kw_ with blanks"],
    ];
    let client = app.anonymous();
    let mut first = None;
    for case in cases {
        let headers: Vec<_> = case.iter().map(|value| ("x-api-key", *value)).collect();
        let answer = client.get_with("/api/verify", &headers).await.expect(401);
        let challenge = r#"ApiKey realm="keyward", header="x-api-key""#;
        assert_eq!(answer.header("www-authenticate"), challenge);
        let mut headers = answer.headers.clone();
        headers.remove("date");
        let seen = (headers, answer.text);
        assert_eq!(first.get_or_insert(seen.clone()), &seen, "{case:?}");
    }
    let bearer = [b"Bearer ".as_slice(), good].concat();
    client.get_with("/api/verify", &[("authorization", &bearer)]).await.expect(401);
    let query = format!("/api/verify?x-api-key={}", String::from_utf8_lossy(good));
    client.get(&query).await.expect(401);
    // A session is no key.
    admin.get("/api/verify").await.expect(401);
}

async fn requests_of_other_sites_and_bodies_of_any_size_pass(backend: Backend) {
    let app = App::start(backend).await;
    let (_, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let headers: [(&str, &[u8]); 4] = [
        ("x-api-key", key.as_bytes()),
        ("origin", b"https://elsewhere.example"),
        ("sec-fetch-site", b"cross-site"),
        ("content-type", b"text/plain"),
    ];
    let body = Some(vec![b'x'; 1_000_000]);
    app.anonymous().send(Method::POST, "/api/verify", &headers, body).await.expect(200);
}

async fn a_scope_that_is_asked_for_is_needed(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let wanted = json!({ "name": "n", "scopes": ["orders:read", "bills:*"] });
    let (id, key) = admin.create_key(&wanted).await;
    let headers = [("x-api-key", key.as_bytes())];
    let client = app.anonymous();
    let ask = async |query: &str| client.get_with(&format!("/api/verify?{query}"), &headers).await;
    for query in [
        "scope=orders:read",
        "scope=orders%3Aread",
        "scope=bills:write",
        "scope=bills:a:b",
        "scope=orders:read&scope=bills:read&other=1",
        "Scope=not-asked-for",
        "",
    ] {
        assert_eq!(ask(query).await.expect(200).header("x-keyward-key-id"), id, "{query}");
    }
    for (query, named) in [
        ("scope=orders:write", "orders:write"),
        ("scope=orders:read&scope=orders:write", "orders:write"),
        ("scope=orders:*", "orders:*"),
        ("scope=bills", "bills"),
        ("scope=", "that was asked for"),
        ("scope=ORDERS:READ", "that was asked for"),
        ("scope=%3Cscript%3E", "that was asked for"),
        ("scope=%ff", "that was asked for"),
    ] {
        let answer = ask(query).await;
        let message = format!("This key lacks the scope {named}");
        let answer = answer.expect_problem(403, "missing_scope", &message);
        // Nothing that a proxy could copy into the request.
        let mut told: Vec<_> = answer.headers.keys().map(http::HeaderName::as_str).collect();
        told.sort_unstable();
        assert_eq!(told, ["cache-control", "content-length", "content-type", "date"], "{query}");
    }
    client.get("/api/verify?scope=orders:read").await.expect(401);
    client.get_with("/api/verify?scope=a", &[("x-api-key", b"kw_x")]).await.expect(401);
}
