//! Requests that no client sends by intent: each gets a clear answer, and nothing changes.

use http::Method;
use serde_json::json;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    a_body_has_one_content_type_and_it_is_json,
    json_that_can_be_read_in_two_ways_is_refused,
    paths_are_decoded_once_and_odd_ones_are_not_found,
    if_match_twice_is_one_list,
    a_refusal_names_the_secret_however_its_path_was_written,
    addresses_that_cannot_be_seen_are_no_account,
);

async fn a_body_has_one_content_type_and_it_is_json(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "key": "A", "value": "v" }).to_string().into_bytes();
    let json: &[u8] = b"application/json";
    let refused: [&[&[u8]]; 10] = [
        &[],
        &[b""],
        &[b";"],
        &[b"json"],
        &[b"application/json, text/plain"],
        &[b"application/jsonx"],
        &[b"\xff"],
        &[json, json],
        &[json, b"text/plain"],
        &[b"text/plain", json],
    ];
    for types in refused {
        let headers: Vec<_> = types.iter().map(|value| ("content-type", *value)).collect();
        let answer = admin.send(Method::POST, "/api/secrets", &headers, Some(body.clone())).await;
        let message = "Expected a body with Content-Type: application/json";
        answer.expect_problem(415, "unsupported_media_type", message);
    }
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
    let headers: [(&str, &[u8]); 1] = [("content-type", b"Application/JSON ; charset=utf-8")];
    admin.send(Method::POST, "/api/secrets", &headers, Some(body)).await.expect(200);
}

async fn json_that_can_be_read_in_two_ways_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let deep = "[".repeat(100_000);
    let cases: [(&str, &[u8]); 16] = [
        ("/api/secrets", br#"{"key":"A","value":"v","key":"B"}"#),
        ("/api/secrets", br#"{"key":"A","value":"v","k\u0065y":"B"}"#),
        ("/api/secrets", br#"{"key":"A","value":"\ud800"}"#),
        ("/api/secrets", br#"{"key":"A","value":"\udc00\ud800"}"#),
        ("/api/secrets", b"{\"key\":\"A\",\"value\":\"\xed\xa0\x80\"}"),
        ("/api/secrets", b"{\"key\":\"A\",\"value\":\"a\0b\"}"),
        ("/api/secrets", br#"{"key":"A\u0000","value":"v"}"#),
        ("/api/secrets", br#"{"key":"A","value":NaN}"#),
        ("/api/secrets", br#"{"key":"A","value":1e999}"#),
        ("/api/secrets", br#"{"key":"A","value":"v",}"#),
        ("/api/secrets", b"\xef\xbb\xbf{\"key\":\"A\",\"value\":\"v\"}"),
        ("/api/secrets", b"{\"key\":\"A\",\"value\":\"v\"}\0"),
        ("/api/secrets", deep.as_bytes()),
        ("/api/keys", br#"{"name":"a","rateLimit":{"requests":"1","windowSeconds":60}}"#),
        (
            "/api/keys",
            br#"{"name":"a","rateLimit":{"requests":1,"requests":2,"windowSeconds":60}}"#,
        ),
        ("/api/keys", br#"{"name":"a","expiresAt":1893456000}"#),
    ];
    for (path, body) in cases {
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
        let answer = admin.send(Method::POST, path, &headers, Some(body.to_vec())).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{shown}");
    }
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
    assert_eq!(admin.keys().await, json!([]));
}

async fn paths_are_decoded_once_and_odd_ones_are_not_found(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "v").await;
    assert_eq!(admin.get("/api/secrets/%41").await.expect(200).data()["key"], "A");
    let long = "A".repeat(60_000);
    for path in ["%2541", "%00", "A%00", "%ff", "%", "%4", "%zz", "A%0a", "A;b", "%c0%c1", &long] {
        for method in [Method::GET, Method::DELETE] {
            let answer = admin.send(method, &format!("/api/secrets/{path}"), &[], None).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert!(answer.text.len() < 4_096, "{path}");
        }
    }
    for path in
        ["/api/secrets/A/", "/api/secrets/", "/api//secrets", "/api/secrets/A/b", "/API/secrets"]
    {
        let status = admin.delete(path).await.status;
        assert!(matches!(status, 404 | 405), "{path}: {status}");
    }
    admin.get("/api/secrets/A").await.expect(200);
}

async fn if_match_twice_is_one_list(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let created = admin.post("/api/secrets", &json!({ "key": "A", "value": "v" })).await;
    let tag = created.expect(200).header("etag").to_owned();
    let put = async |tags: &[&[u8]]| {
        let json: (&str, &[u8]) = ("content-type", b"application/json");
        let tags = tags.iter().map(|tag| ("if-match", *tag));
        let headers: Vec<_> = tags.chain([json]).collect();
        let body = br#"{"description":"d"}"#.to_vec();
        admin.send(Method::PUT, "/api/secrets/A", &headers, Some(body)).await.status
    };
    let weak = format!("W/{tag}");
    let refused: [&[&[u8]]; 6] = [
        &[b""],
        &[b"garbage"],
        &[b"\xff"],
        &[b"\"other\"", b"*"],
        &[b"\"other\"", b"\"another\""],
        &[weak.as_bytes()],
    ];
    for tags in refused {
        let status = put(tags).await;
        assert!(matches!(status, 400 | 412), "{tags:?}: {status}");
    }
    assert_eq!(admin.get("/api/secrets").await.expect(200).data()[0]["description"], json!(null));
    assert_eq!(put(&[b"\"other\"", tag.as_bytes()]).await, 200);
}

async fn a_refusal_names_the_secret_however_its_path_was_written(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, plain) = admin.create_key(&json!({ "name": "plain" })).await;
    app.anonymous().get_as(&plain, "/api/secrets/%41%42").await.expect(403);
    let entries = admin.get("/api/admin/audit?outcome=refused").await.expect(200).data();
    assert_eq!(entries[0]["target"], "AB");
}

async fn addresses_that_cannot_be_seen_are_no_account(backend: Backend) {
    let app = App::with(crate::support::TestDatabase::new(backend).await, &[]).await;
    let token = app.setup_token.clone().unwrap();
    for email in ["ada\u{200b}@example.com", "\u{202e}ada@example.com", "ada@example\u{ad}.com"] {
        let body = json!({ "token": token, "email": email, "password": "long enough" });
        let answer = app.anonymous().post("/api/setup", &body).await;
        let message = "Email must look like name@example.com";
        answer.expect_problem(400, "validation_failed", message);
    }
    let status = app.anonymous().get("/api/setup").await.expect(200).data();
    assert_eq!(status["open"], true);
}
