//! What passes a proxy besides plain requests: connections that are upgraded, preflights of
//! browsers, and what the service learns about the client.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::proxy::Kind;
use super::raw::{RawStage, values, websocket};
use super::stage::Stage;
use super::{identity, keyward_headers};

in_each_proxy!(
    a_websocket_passes_and_no_other_upgrade,
    a_preflight_needs_a_key_as_shipped,
    preflights_are_answered_without_the_service_once_they_are_uncommented,
    the_largest_identity_passes,
    scheme_host_and_address_are_those_that_the_proxy_sees,
);

/// The origin in the commented lines.
const ORIGIN: &str = "https://app.example.com";

async fn a_websocket_passes_and_no_other_upgrade(kind: Kind) {
    let stage = RawStage::new(kind, str::to_owned).await;
    let (_, key) = stage.app.admin().await.create_key(&json!({ "name": "plain" })).await;
    let key = format!("x-api-key: {key}\r\n");

    for name in ["websocket", "WebSocket"] {
        let headers = format!("{key}{}", websocket(name));
        let mut reply = stage.ask("GET", "/catalog/live", &headers).await;
        assert_eq!(reply.status, 101);
        reply.stream.write_all(b"hello").await.unwrap();
        let mut echo = [0; 5];
        reply.stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"hello");
        let refused = stage.ask("GET", "/orders/live", &headers).await;
        assert_eq!((refused.status, refused.target()), (403, None));
        let refused = stage.ask("GET", "/catalog/live", &websocket(name)).await;
        assert_eq!((refused.status, refused.target()), (401, None));
    }

    for other in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
        &format!("{}Upgrade: h2c\r\n", websocket("websocket")),
        &format!("Upgrade: h2c\r\n{}", websocket("websocket")),
        &websocket("websocket, h2c"),
        &websocket("h2c, websocket"),
    ] {
        let reply = stage.ask("GET", "/catalog/live", &format!("{key}{other}")).await;
        if let Some(head) = &reply.arrived {
            let upgrades = values(head, "upgrade");
            assert!(upgrades.iter().all(|name| *name == "websocket"), "{other:?}: {head}");
        } else {
            assert!([400, 403].contains(&reply.status), "{other:?}: {}", reply.status);
        }
    }
}

/// The headers of a preflight.
fn preflight(origin: &str) -> String {
    format!(
        "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: x-api-key,content-type\r\nConnection: close\r\n"
    )
}

async fn a_preflight_needs_a_key_as_shipped(kind: Kind) {
    let stage = RawStage::new(kind, str::to_owned).await;
    let reply = stage.ask("OPTIONS", "/catalog", &preflight(ORIGIN)).await;
    assert_eq!((reply.status, reply.target()), (401, None));
    assert!(reply.headers("access-control-allow-origin").is_empty());
}

async fn preflights_are_answered_without_the_service_once_they_are_uncommented(kind: Kind) {
    let stage = RawStage::new(kind, |text| text.replace("#cors ", "")).await;
    let (_, key) = stage.app.admin().await.create_key(&json!({ "name": "plain" })).await;
    let allowed = "access-control-allow-origin";

    for path in ["/catalog", "/orders"] {
        let reply = stage.ask("OPTIONS", path, &preflight(ORIGIN)).await;
        assert!([200, 204].contains(&reply.status), "{}", reply.status);
        assert_eq!(reply.headers(allowed), [ORIGIN]);
        let methods = reply.headers("access-control-allow-methods").concat().replace(' ', "");
        assert_eq!(methods, "get,post,put,patch,delete");
        let headers = reply.headers("access-control-allow-headers").concat().replace(' ', "");
        assert_eq!(headers, "x-api-key,authorization,content-type");
        assert_eq!(reply.target(), None);

        let reply = stage.ask("OPTIONS", path, &preflight("https://another.example")).await;
        assert!(reply.headers(allowed).is_empty());
        assert_eq!(reply.target(), None);
    }
    // What is no preflight needs its key.
    let no_method = format!("Origin: {ORIGIN}\r\nConnection: close\r\n");
    for (method, headers) in [("OPTIONS", no_method.as_str()), ("POST", &preflight(ORIGIN))] {
        let reply = stage.ask(method, "/catalog", headers).await;
        assert_eq!((reply.status, reply.target()), (401, None));
        // The page may read why.
        assert_eq!(reply.headers(allowed), [ORIGIN]);
    }
    // The service answers `*`, and browsers want one.
    let headers = format!("{no_method}x-api-key: {key}\r\n");
    let reply = stage.ask("GET", "/catalog", &headers).await;
    assert_eq!((reply.status, reply.headers(allowed)), (200, vec![ORIGIN]));
    let reply = stage.ask("GET", "/orders", &headers).await;
    assert_eq!((reply.status, reply.target()), (403, None));
}

async fn the_largest_identity_passes(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let mut scopes: Vec<_> = (10..41).map(|n| format!("s{n}:{}", "x".repeat(124))).collect();
    assert!(scopes.iter().all(|scope| scope.len() == 128));
    scopes.insert(0, "orders:write".to_owned());
    let name = "\u{1f600}".repeat(64);
    let body = json!({ "name": name, "scopes": scopes });
    let (id, key) = app.admin().await.create_key(&body).await;
    let got = stage.allowed("/orders", &[("x-api-key", &key)]).await;
    let name = "%F0%9F%98%80".repeat(64);
    assert_eq!(keyward_headers(&got), identity(&id, &name, &scopes.join(" ")));
}

/// Headers by which services take another scheme, host, address or path for that of the request.
const CLAIMS: [(&str, &str); 14] = [
    ("x-forwarded-proto", "forged"),
    ("x-forwarded-host", "forged.example"),
    ("x-forwarded-for", "198.51.100.7"),
    ("x-forwarded-port", "7"),
    ("x-forwarded-prefix", "/orders"),
    ("x-real-ip", "198.51.100.7"),
    ("forwarded", "for=198.51.100.7;proto=forged"),
    ("x-original-url", "/orders"),
    ("x-rewrite-url", "/orders"),
    ("x_original_url", "/orders"),
    ("x_rewrite_url", "/orders"),
    ("x_forwarded_proto", "forged"),
    ("x_forwarded-for", "198.51.100.7"),
    ("x_real_ip", "198.51.100.7"),
];

async fn scheme_host_and_address_are_those_that_the_proxy_sees(kind: Kind) {
    let (app, stage) = Stage::new(kind).await;
    let (_, key) = app.admin().await.create_key(&json!({ "name": "plain" })).await;
    let key = ("x-api-key", key.as_str());
    let claims: Vec<_> = CLAIMS.into_iter().chain([key]).collect();
    for headers in [&[key][..], &claims] {
        let got = stage.allowed("/catalog", headers).await;
        let text = got["headers"].to_string();
        assert!(
            !["forged", "198.51", "/orders"].iter().any(|claim| text.contains(claim)),
            "{text}"
        );
        let headers: Vec<(String, String)> =
            serde_json::from_value(got["headers"].clone()).unwrap();
        let value = |wanted: &str| {
            let values = headers.iter().filter(|(name, _)| name == wanted);
            values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(";")
        };
        assert_eq!(value("x-forwarded-proto"), "http");
        assert_eq!(value("x-forwarded-for"), "127.0.0.1");
        // With the port, or without.
        assert!(value("x-forwarded-host").starts_with("127.0.0.1"), "{text}");
        assert!(value("host").starts_with("127.0.0.1"), "{text}");
    }
    // Proxies take away what a client names here; some, also what they set themselves.
    for name in ["x-forwarded-proto", "x-forwarded-for", "X-Keyward-Scopes"] {
        let answer = stage.ask("/catalog", &[key, ("connection", name)]).await;
        if answer.status != 400 {
            let got: Value = answer.expect(200).body();
            let text = got["headers"].to_string();
            assert!(text.contains("x-forwarded-proto"), "{text}");
            assert!(text.contains("x-forwarded-for"), "{text}");
        }
    }
}
