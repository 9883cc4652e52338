//! Forward auth: who calls, for any method and any service.

use http::Method;
use serde_json::json;

use crate::support::{ADMIN, App, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    a_good_key_is_answered_with_its_identity_for_any_method,
    identity_headers_are_always_all_sent,
    whatever_is_not_one_good_key_is_refused_alike,
    requests_of_other_sites_and_bodies_of_any_size_pass,
    a_scope_that_is_asked_for_is_needed,
    a_bearer_token_is_a_key_unless_that_is_off_or_there_are_two,
    envoy_asks_with_the_path_and_the_method_of_its_client,
    forwarded_headers_of_any_kind_change_nothing_but_the_address,
    what_cannot_be_read_of_a_proxy_opens_no_key_that_is_bound_to_its_network,
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
        // A scope that ends in * grants scopes, and not any text.
        ("scope=bills:", "that was asked for"),
        ("scope=bills::", "that was asked for"),
        ("scope=bills:%3Cscript%3E", "that was asked for"),
        ("scope=bills:a%0d%0a", "that was asked for"),
        ("scope=bills:a%20orders:write", "orders:write"),
        ("scope=bills:a+orders:write", "orders:write"),
        ("scope=bills:a,orders:write", "orders:write"),
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

async fn a_bearer_token_is_a_key_unless_that_is_off_or_there_are_two(backend: Backend) {
    let app = App::start(backend).await;
    let (id, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let client = app.anonymous();
    let bearer = format!("Bearer {key}");
    let lower = format!("bearer  {key}");
    for value in [&bearer, &lower] {
        let answer = client.get_with("/api/verify", &[("authorization", value.as_bytes())]).await;
        assert_eq!(answer.expect(200).header("x-keyward-key-id"), id);
    }
    let key = key.as_bytes();
    let twice = [bearer.as_bytes(), b", ", bearer.as_bytes()].concat();
    let tab = format!("Bearer\t{}", String::from_utf8_lossy(key));
    let refused: [&[(&str, &[u8])]; 10] = [
        &[("authorization", tab.as_bytes()), ("x-api-key", key)],
        &[("authorization", b"Bearer"), ("x-api-key", key)],
        &[("authorization", bearer.as_bytes()), ("x-api-key", key)],
        &[("authorization", b"Bearer x"), ("x-api-key", key)],
        &[("authorization", bearer.as_bytes()), ("authorization", bearer.as_bytes())],
        &[("authorization", bearer.as_bytes()), ("authorization", b"Basic YTpi")],
        &[("authorization", &twice)],
        &[("authorization", key)],
        &[("authorization", b"Bearer")],
        &[("authorization", b"Bearer kw_unknown")],
    ];
    for headers in refused {
        let answer = client.get_with("/api/verify", headers).await;
        let message = "A valid credential is required";
        answer.expect_problem(401, "unauthenticated", message);
    }
    // Another scheme is for the service behind the proxy.
    let headers = [("authorization", b"Basic YTpi".as_slice()), ("x-api-key", key)];
    client.get_with("/api/verify", &headers).await.expect(200);

    let off = App::with(app.database.shared(), &[("KEYWARD_BEARER", "off")]).await;
    let client = off.anonymous();
    client.get_with("/api/verify", &[("authorization", bearer.as_bytes())]).await.expect(401);
    let headers = [("authorization", bearer.as_bytes()), ("x-api-key", key)];
    client.get_with("/api/verify", &headers).await.expect(200);
}

async fn envoy_asks_with_the_path_and_the_method_of_its_client(backend: Backend) {
    let app = App::start(backend).await;
    let wanted = json!({ "name": "n", "scopes": ["orders:read"] });
    let (id, key) = app.admin().await.create_key(&wanted).await;
    let client = app.anonymous();
    let key = ("x-api-key", key.as_bytes());
    for (method, path) in [
        ("GET", "/api/verify/envoy"),
        ("GET", "/api/verify/envoy/"),
        ("POST", "/api/verify/envoy/orders/1"),
        ("DELETE", "/api/verify/envoy//a/%2e%2e/b%00%ff"),
        ("PROPFIND", "/api/verify/envoy/api/keys"),
        // The query is the client's own.
        ("GET", "/api/verify/envoy/login?scope=openid"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client.send(method.clone(), path, &[key], None).await.expect(200);
        assert_eq!(answer.header("x-keyward-key-id"), id, "{path}");
        client.send(method, path, &[], None).await.expect(401);
    }
    let long = format!("/api/verify/envoy/{}", "a/".repeat(3_000));
    client.get_with(&long, &[key]).await.expect(200);
    for (asked, status) in
        [("orders:read", 200), ("orders:read, orders:write", 403), ("", 200), ("\u{fc}", 403)]
    {
        for path in ["/api/verify/envoy/orders", "/api/verify"] {
            let headers = [key, ("x-keyward-scope", asked.as_bytes())];
            client.get_with(path, &headers).await.expect(status);
        }
    }
    let headers = [key, ("x-keyward-scope", b"orders:read".as_slice()), ("x-keyward-scope", b"a")];
    client.get_with("/api/verify", &headers).await.expect(403);
}

async fn forwarded_headers_of_any_kind_change_nothing_but_the_address(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let app = App::with(database, &ADMIN).await;
    let proxied =
        App::with(app.database.shared(), &[("KEYWARD_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let wanted = json!({ "name": "n", "allowedNetworks": ["198.51.100.0/24", "2001:db8::/32"] });
    let (id, key) = app.admin().await.create_key(&wanted).await;
    proxied.state.keys.refresh().await.unwrap();
    let key = ("x-api-key", key.as_bytes());
    let cases: [(&[u8], u16); 14] = [
        (b"198.51.100.7", 200),
        (b"198.51.100.7:4711", 200),
        (b"[2001:db8::1]:4711", 200),
        (b"2001:db8::1", 200),
        (b"::ffff:198.51.100.7", 200),
        (b"garbage, 198.51.100.7", 200),
        (b"198.51.100.7, 127.0.0.9", 200),
        (b"198.51.100.7, garbage", 403),
        (b"198.51.100.7, 203.0.113.1", 403),
        (b"198.51.100.7,", 403),
        (b"", 403),
        (b"\xff", 403),
        (b"198.51.100.7:99999", 403),
        (b"[::1", 403),
    ];
    for (forwarded, status) in cases {
        let headers = [key, ("x-forwarded-for", forwarded)];
        let answer = proxied.anonymous().get_with("/api/verify", &headers).await;
        assert_eq!(answer.status, status, "{:?}", String::from_utf8_lossy(forwarded));
        // Nobody but a trusted proxy is believed.
        app.anonymous().get_with("/api/verify", &headers).await.expect(403);
    }
    let odd: [(&str, &[u8]); 6] = [
        ("x-forwarded-method", b"\xff\xfe"),
        ("x-forwarded-uri", b"http://[::1/?%"),
        ("x-forwarded-host", b"a,b"),
        ("x-original-uri", b"/x?scope=admin"),
        ("x-original-method", b"GET\tPOST"),
        ("x-forwarded-for", b"198.51.100.7"),
    ];
    let headers: Vec<_> = odd.into_iter().chain([key]).collect();
    let answer = proxied.anonymous().get_with("/api/verify", &headers).await.expect(200);
    assert_eq!(answer.header("x-keyward-key-id"), id);
    let refused = app.anonymous().get_with("/api/verify", &[key]).await;
    let message = "This key is not accepted from your address";
    refused.expect_problem(403, "address_not_allowed", message);
}

async fn what_cannot_be_read_of_a_proxy_opens_no_key_that_is_bound_to_its_network(
    backend: Backend,
) {
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", EMAIL),
        ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
        ("KEYWARD_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let wanted = json!({
        "name": "n", "scopes": ["secrets:read"],
        "allowedNetworks": ["127.0.0.0/8", "0.0.0.0/0", "::/0"],
    });
    let (_, key) = app.admin().await.create_key(&wanted).await;
    let key = ("x-api-key", key.as_bytes());
    let unreadable: [&[u8]; 10] = [
        b"",
        b"unknown",
        b"_hidden",
        b"\xff",
        b"198.51.100.7,",
        b"198.51.100.7, unknown",
        b"198.51.100.7, unknown, 127.0.0.9",
        b"198.51.100.7:99999",
        b"fe80::1%eth0",
        b"for=198.51.100.7",
    ];
    for forwarded in unreadable {
        for path in ["/api/verify", "/api/verify/envoy/x", "/api/secrets"] {
            let headers = [key, ("x-forwarded-for", forwarded)];
            let refused = app.anonymous().get_with(path, &headers).await;
            let message = "This key is not accepted from your address";
            refused.expect_problem(403, "address_not_allowed", message);
            let headers = [key, ("x-forwarded-for", b"127.0.0.1"), ("x-forwarded-for", forwarded)];
            app.anonymous().get_with(path, &headers).await.expect(403);
        }
    }
    // The proxy itself is a client when it speaks for nobody.
    app.anonymous().get_with("/api/verify", &[key]).await.expect(200);
    for forwarded in ["127.0.0.5", "198.51.100.7", "\u{fc}, 198.51.100.7"] {
        let headers = [key, ("x-forwarded-for", forwarded.as_bytes())];
        app.anonymous().get_with("/api/verify", &headers).await.expect(200);
    }
}
