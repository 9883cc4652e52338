//! How often and from where a key is accepted, and how often somebody may fail.

use std::time::Duration;

use http::Method;
use keyward::keys::authenticator::BURST;
use serde_json::{Value, json};

use crate::support::{ADMIN, Answer, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_key_is_accepted_as_often_as_its_limit_says,
    a_limit_counts_wherever_the_key_is_presented,
    a_change_of_the_key_gives_no_new_requests,
    limits_are_shown_changed_and_cleared,
    what_is_no_limit_is_refused_and_nothing_changes,
    a_key_is_accepted_from_its_networks_alone,
    failures_are_limited_by_address_and_good_keys_go_on,
    guesses_from_where_no_good_key_came_are_answered_before_any_key_is_looked_at,
    requests_without_an_address_share_one_allowance,
    ipv6_counts_by_64_bits_and_proxies_by_what_they_say,
    the_throttle_status_is_what_the_operator_chose,
);

/// With an administrator, and what the peers on this machine say of others believed.
async fn behind_a_proxy(backend: Backend, more: &[(&str, &str)]) -> App {
    let proxies = [("KEYWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let variables = [&ADMIN, &proxies[..], more].concat();
    App::with(TestDatabase::new(backend).await, &variables).await
}

async fn verify_from(app: &App, address: &str, key: &str) -> Answer {
    let headers = [("x-api-key", key.as_bytes()), ("x-forwarded-for", address.as_bytes())];
    app.anonymous().get_with("/api/verify", &headers).await
}

async fn a_key_is_accepted_as_often_as_its_limit_says(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let limit = json!({ "requests": 3, "windowSeconds": 60 });
    let body = json!({ "name": "n", "scopes": ["a"], "rateLimit": limit });
    let (id, key) = admin.create_key(&body).await;
    let (_, other) = admin.create_key(&json!({ "name": "other" })).await;
    for left in [2, 1, 0] {
        let answer = app.verify(&key).await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"key\";q=3;w=60");
        let told = format!("\"key\";r={left};t={}", (3 - left) * 20);
        assert_eq!(answer.header("ratelimit"), told);
    }
    let message = "This key is used too often; try again in 20 s";
    let refused = app.verify(&key).await.expect_problem(429, "rate_limited", message);
    assert_eq!(refused.header("retry-after"), "20");
    assert_eq!(refused.header("ratelimit"), "\"key\";r=0;t=60");
    for header in ["x-keyward-key-id", "x-keyward-key-name", "x-keyward-scopes"] {
        assert!(!refused.headers.contains_key(header), "{header}");
    }
    assert_eq!(app.verify(&other).await.expect(200).header("ratelimit"), "");
    app.clock.advance(Duration::from_secs(20));
    app.verify(&key).await.expect(200);
    app.verify(&key).await.expect(429);
    // Both keys of an overlap share what is left.
    app.clock.advance(Duration::from_mins(1));
    let new = admin.rotated_key(&id, 600).await;
    for key in [&key, &new, &key] {
        app.verify(key).await.expect(200);
    }
    app.verify(&new).await.expect(429);
    app.verify(&key).await.expect(429);
}

async fn a_limit_counts_wherever_the_key_is_presented(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let limit = json!({ "requests": 2, "windowSeconds": 60 });
    let body = json!({ "name": "n", "scopes": ["secrets:read"], "rateLimit": limit });
    let (_, key) = admin.create_key(&body).await;
    let body = json!({ "name": "back end", "scopes": ["keys:verify"] });
    let (_, asker) = admin.create_key(&body).await;
    let headers: [(&str, &[u8]); 2] =
        [("x-api-key", asker.as_bytes()), ("content-type", b"application/json")];
    let ask = async |body: Value| {
        let body = Some(body.to_string().into_bytes());
        let answer = app.anonymous().send(Method::POST, "/api/keys/verify", &headers, body).await;
        answer.expect(200).data()["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask(json!({ "key": key })).await, "VALID");
    let secrets = [("x-api-key", key.as_bytes())];
    app.anonymous().get_with("/api/secrets", &secrets).await.expect(200);
    assert_eq!(ask(json!({ "key": key })).await, "RATE_LIMITED");
    app.anonymous().get_with("/api/secrets", &secrets).await.expect(429);
    app.verify(&key).await.expect(429);

    let body = json!({ "name": "narrow", "allowedNetworks": ["10.0.0.0/8"] });
    let (_, narrow) = admin.create_key(&body).await;
    for (address, code) in [
        (json!("10.1.2.3"), "VALID"),
        (json!("::ffff:10.1.2.3"), "VALID"),
        (json!("11.1.2.3"), "ADDRESS_NOT_ALLOWED"),
    ] {
        assert_eq!(ask(json!({ "key": narrow, "address": address })).await, code);
    }
    assert_eq!(ask(json!({ "key": narrow })).await, "ADDRESS_NOT_ALLOWED");
    assert_eq!(ask(json!({ "key": narrow, "address": null })).await, "ADDRESS_NOT_ALLOWED");
    let odd = json!({ "key": narrow, "address": "10.0.0.0/8" }).to_string().into_bytes();
    let answer = app.anonymous().send(Method::POST, "/api/keys/verify", &headers, Some(odd)).await;
    answer.expect_problem(400, "validation_failed", "Expected an IP address");
}

async fn a_change_of_the_key_gives_no_new_requests(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let limit = json!({ "requests": 1, "windowSeconds": 60 });
    let (id, key) = admin.create_key(&json!({ "name": "n", "rateLimit": limit })).await;
    app.verify(&key).await.expect(200);
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "name": "m" })).await.expect(200);
    app.verify(&key).await.expect(429);
    // Nor does a change that another server made.
    let sibling = app.sibling().await;
    sibling.admin().await.create_key(&json!({ "name": "x" })).await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&key).await.expect(429);
    let more = json!({ "rateLimit": { "requests": 2, "windowSeconds": 60 } });
    admin.patch(&path, &more).await.expect(200);
    app.verify(&key).await.expect(200);
}

async fn limits_are_shown_changed_and_cleared(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let shown = async || {
        let key = admin.keys().await[0].clone();
        (key["rateLimit"].clone(), key["allowedNetworks"].clone())
    };
    assert_eq!(shown().await, (Value::Null, Value::Null));
    let path = format!("/api/keys/{id}");
    let limit = json!({ "requests": 1_000_000, "windowSeconds": 86_400 });
    let networks =
        json!(["10.1.2.3/8", " 127.0.0.1 ", "::ffff:192.0.2.0/120", "10.0.0.0/8", "::/0"]);
    let change = json!({ "rateLimit": limit, "allowedNetworks": networks });
    let changed = admin.patch(&path, &change).await.expect(200).data();
    let networks = json!(["10.0.0.0/8", "127.0.0.1", "192.0.2.0/24", "::/0"]);
    assert_eq!((&changed["rateLimit"], &changed["allowedNetworks"]), (&limit, &networks));
    assert_eq!(shown().await, (limit.clone(), networks.clone()));
    app.verify(&key).await.expect(200);
    // What is absent stays.
    admin.patch(&path, &json!({ "enabled": true })).await.expect(200);
    assert_eq!(shown().await, (limit, networks));
    let none = json!({ "rateLimit": null, "allowedNetworks": [] });
    admin.patch(&path, &none).await.expect(200);
    assert_eq!(shown().await, (Value::Null, Value::Null));
}

async fn what_is_no_limit_is_refused_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "n" })).await;
    let path = format!("/api/keys/{id}");
    let (before, entries) = (admin.keys().await, app.audit_entries().await);
    let requests = "Expected a whole number from 1 to 1000000";
    let window = "Expected a whole number from 1 to 86400";
    let network = "Expected a network like 10.0.0.0/8 or an address";
    let many: Vec<String> = (0..33).map(|n| format!("10.0.0.{n}")).collect();
    for (member, value, field, message) in [
        ("rateLimit", json!({}), "rateLimit.requests", "Requests is required"),
        ("rateLimit", json!({ "requests": 0, "windowSeconds": 1 }), "rateLimit.requests", requests),
        (
            "rateLimit",
            json!({ "requests": 1.5, "windowSeconds": 1 }),
            "rateLimit.requests",
            requests,
        ),
        (
            "rateLimit",
            json!({ "requests": 1 }),
            "rateLimit.windowSeconds",
            "Window seconds is required",
        ),
        (
            "rateLimit",
            json!({ "requests": 1, "windowSeconds": 86_401 }),
            "rateLimit.windowSeconds",
            window,
        ),
        (
            "rateLimit",
            json!({ "requests": 1, "windowSeconds": 1, "x": 1 }),
            "rateLimit.x",
            "Unknown field",
        ),
        ("allowedNetworks", json!(["::1", "planted"]), "allowedNetworks[1]", network),
        ("allowedNetworks", json!([""]), "allowedNetworks[0]", network),
        ("allowedNetworks", json!(["10.0.0.0/33"]), "allowedNetworks[0]", network),
        ("allowedNetworks", json!(["\u{0}"]), "allowedNetworks[0]", network),
        ("allowedNetworks", json!([5]), "allowedNetworks[0]", "Expected a string"),
        ("allowedNetworks", json!(many), "allowedNetworks", "A key may have at most 32 networks"),
    ] {
        for answer in [
            admin.patch(&path, &json!({ member: value })).await,
            admin.post("/api/keys", &json!({ "name": "m", member: value })).await,
        ] {
            let body = answer.expect(400).body();
            let error = &body["errors"][0];
            assert_eq!((&error["field"], &error["message"]), (&json!(field), &json!(message)));
            assert!(!body.to_string().contains("planted"), "{body}");
        }
    }
    assert_eq!((admin.keys().await, app.audit_entries().await), (before, entries));
}

async fn a_key_is_accepted_from_its_networks_alone(backend: Backend) {
    let app = behind_a_proxy(backend, &[]).await;
    let admin = app.admin().await;
    let body =
        json!({ "name": "n", "scopes": ["secrets:read"], "allowedNetworks": ["10.0.0.0/8"] });
    let (_, key) = admin.create_key(&body).await;
    verify_from(&app, "10.1.2.3", &key).await.expect(200);
    let message = "This key is not accepted from your address";
    let refused = verify_from(&app, "192.0.2.1", &key).await;
    let refused = refused.expect_problem(403, "address_not_allowed", message);
    assert_eq!(refused.header("x-keyward-key-id"), "");
    app.verify(&key).await.expect(403);
    let secrets = async |address: &str| {
        let headers = [("x-api-key", key.as_bytes()), ("x-forwarded-for", address.as_bytes())];
        app.anonymous().get_with("/api/secrets", &headers).await
    };
    secrets("10.9.9.9").await.expect(200);
    secrets("192.0.2.1").await.expect_problem(403, "address_not_allowed", message);
    // What was refused is no use.
    app.state.keys.flush().await.unwrap();
    assert_eq!(admin.keys().await[0]["lastUsedAt"], "2026-01-01T12:00:00Z");
}

async fn failures_are_limited_by_address_and_good_keys_go_on(backend: Backend) {
    let app = behind_a_proxy(backend, &[]).await;
    let (_, good) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    verify_from(&app, "192.0.2.1", &good).await.expect(200);
    for n in 1..BURST {
        verify_from(&app, "192.0.2.1", &format!("kw_wrong{n}")).await.expect(401);
    }
    let message = "Too many attempts; try again in 1 s";
    for wrong in ["kw_wrong", "a,b", ""] {
        let refused = verify_from(&app, "192.0.2.1", wrong).await;
        let refused = refused.expect_problem(429, "too_many_attempts", message);
        assert_eq!(refused.header("retry-after"), "1");
    }
    // A good key from there, any from elsewhere, and no key at all.
    verify_from(&app, "192.0.2.1", &good).await.expect(200);
    verify_from(&app, "192.0.2.2", &good).await.expect(200);
    verify_from(&app, "192.0.2.2", "kw_wrong").await.expect(401);
    let nothing = [("x-forwarded-for", b"192.0.2.1".as_slice())];
    app.anonymous().get_with("/api/verify", &nothing).await.expect(401);
    // Guesses elsewhere count as well.
    let headers = [("x-forwarded-for", b"192.0.2.1".as_slice()), ("x-api-key", b"kw_wrong")];
    app.anonymous().get_with("/api/secrets", &headers).await.expect(429);
    app.clock.advance(Duration::from_secs(1));
    verify_from(&app, "192.0.2.1", "kw_wrong").await.expect(401);
    verify_from(&app, "192.0.2.1", "kw_wrong").await.expect(429);
}

async fn guesses_from_where_no_good_key_came_are_answered_before_any_key_is_looked_at(
    backend: Backend,
) {
    let app = behind_a_proxy(backend, &[]).await;
    let (_, good) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let message = "Too many attempts; try again in 1 s";
    for n in 0..BURST {
        verify_from(&app, "192.0.2.1", &format!("kw_wrong{n}")).await.expect(401);
    }
    for key in [&good, "kw_wrong", &good] {
        let refused = verify_from(&app, "192.0.2.1", key).await;
        refused.expect_problem(429, "too_many_attempts", message);
    }
    verify_from(&app, "192.0.2.2", &good).await.expect(200);
    // As soon as one more would be looked at, a good key is, and counts from then on.
    app.clock.advance(Duration::from_secs(1));
    verify_from(&app, "192.0.2.1", &good).await.expect(200);
    verify_from(&app, "192.0.2.1", "kw_wrong").await.expect(429);
    verify_from(&app, "192.0.2.1", &good).await.expect(200);
    // It is forgotten when none came for long.
    app.clock.advance(Duration::from_hours(25));
    for n in 0..BURST {
        verify_from(&app, "192.0.2.1", &format!("kw_wrong{n}")).await.expect(401);
    }
    verify_from(&app, "192.0.2.1", &good).await.expect(429);
}

async fn requests_without_an_address_share_one_allowance(backend: Backend) {
    let app = behind_a_proxy(backend, &[]).await;
    for n in 0..BURST {
        let unreadable = ["unknown", "_hidden", "", "a.b"][n as usize % 4];
        verify_from(&app, unreadable, "kw_wrong").await.expect(401);
    }
    verify_from(&app, "another", "kw_wrong").await.expect(429);
    // It is nobody else's, the proxy's least of all.
    verify_from(&app, "192.0.2.1", "kw_wrong").await.expect(401);
    verify_from(&app, "127.0.0.1", "kw_wrong").await.expect(401);
    app.verify("kw_wrong").await.expect(401);
}

async fn ipv6_counts_by_64_bits_and_proxies_by_what_they_say(backend: Backend) {
    let app = behind_a_proxy(backend, &[]).await;
    for n in 0..BURST {
        verify_from(&app, &format!("2001:db8::{n:x}"), "kw_wrong").await.expect(401);
    }
    verify_from(&app, "2001:db8::ffff:1", "kw_wrong").await.expect(429);
    verify_from(&app, "2001:db8:0:1::1", "kw_wrong").await.expect(401);
    // A client that is not a trusted proxy may claim any address, and is counted by its own.
    let direct = App::start(backend).await;
    for n in 0..BURST {
        verify_from(&direct, &format!("192.0.2.{n}"), "kw_wrong").await.expect(401);
    }
    verify_from(&direct, "198.51.100.1", "kw_wrong").await.expect(429);
}

async fn the_throttle_status_is_what_the_operator_chose(backend: Backend) {
    for status in [401, 403, 503] {
        let text = status.to_string();
        let app = behind_a_proxy(backend, &[("KEYWARD_THROTTLE_STATUS", &text)]).await;
        let admin = app.admin().await;
        let limit = json!({ "requests": 1, "windowSeconds": 60 });
        let body = json!({ "name": "n", "scopes": ["secrets:read"], "rateLimit": limit });
        let (_, key) = admin.create_key(&body).await;
        app.verify(&key).await.expect(200);
        let message = "This key is used too often; try again in 60 s";
        let refused = app.verify(&key).await.expect_problem(status, "rate_limited", message);
        assert_eq!(refused.header("retry-after"), "60");
        assert_eq!(refused.headers.contains_key("www-authenticate"), status == 401);
        // For proxies alone.
        app.anonymous().get_as(&key, "/api/secrets").await.expect(429);
    }
}
