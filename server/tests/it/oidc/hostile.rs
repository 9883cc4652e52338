//! Answers of a provider, or of somebody who claims to be one, that must not sign anybody in.

use keyward::clock::Clock;
use serde_json::{Value, json};
use std::fmt::Write;

use super::stand_in::{CLIENT_SECRET, Script, public_pems};
use super::{GROUPS, Stage, location, role};
use crate::support::program::Server;
use crate::support::{ADMIN, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    an_id_token_that_does_not_hold_is_refused,
    clocks_may_differ_by_a_minute,
    the_issuer_parameter_is_asked_for_and_compared,
    odd_answers_of_the_provider_are_refused,
    userinfo_of_another_subject_is_refused,
    nothing_planted_is_repeated,
);

/// What to change, and the reason that the audit log gives.
type Case = (fn(&mut Script), &'static str);

const CASES: [Case; 22] = [
    (|it| it.claims = json!({ "iss": "https://evil.example" }), "of another issuer"),
    (|it| it.claims = json!({ "iss": null }), "something else than tokens"),
    (|it| it.claims = json!({ "aud": "another" }), "for another audience"),
    (|it| it.claims = json!({ "aud": [] }), "for another audience"),
    (|it| it.claims = json!({ "aud": ["keyward", "another"] }), "for another audience"),
    (|it| it.claims = json!({ "azp": "another" }), "for another party"),
    (|it| it.claims = json!({ "nonce": "another" }), "of another sign-in (nonce)"),
    (|it| it.claims = json!({ "nonce": null }), "of another sign-in (nonce)"),
    (|it| it.claims = json!({ "exp": 1_767_268_800 - 60 }), "has expired"),
    (|it| it.claims = json!({ "iat": 1_767_268_800 + 61 }), "issued in the future"),
    (|it| it.claims = json!({ "exp": null }), "something else than tokens"),
    (|it| it.claims = json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "at_hash"),
    (|it| it.claims = json!({ "sub": "" }), "no usable subject"),
    (|it| it.claims = json!({ "sub": "x".repeat(256) }), "no usable subject"),
    (|it| it.claims = json!({ "sub": null }), "something else than tokens"),
    (|it| it.alg = "none", "is not signed"),
    (|it| (it.alg, it.secret) = ("HS256", CLIENT_SECRET.into()), "a way that is not accepted"),
    (|it| (it.alg, it.secret) = ("HS256", Vec::new()), "a way that is not accepted"),
    // With a key of its own under the name of the provider's.
    (|it| it.key = 1, "the signature of the ID token is wrong"),
    (|it| it.kid = "second", "a key that is not known"),
    (|it| it.tokens = json!({ "id_token": null }), "there is no ID token"),
    (|it| it.tokens = json!({ "id_token": "a.b" }), "something else than tokens"),
];

/// What makes an answer hostile.
type Change = Box<dyn Fn(&mut Script)>;

async fn an_id_token_that_does_not_hold_is_refused(backend: Backend) {
    let stage = Stage::new(backend).await;
    let admin = stage.app.admin().await;
    let mut cases: Vec<(Change, &str)> = Vec::new();
    for (change, reason) in CASES {
        cases.push((Box::new(change), reason));
    }
    for pem in public_pems() {
        let change = move |it: &mut Script| (it.alg, it.secret) = ("HS256", pem.clone());
        cases.push((Box::new(change), "a way that is not accepted"));
    }
    for (change, reason) in cases {
        {
            let mut script = stage.idp.script();
            (script.claims, script.tokens) = (json!({}), json!({}));
            (script.alg, script.key, script.kid) = ("RS256", 0, "first");
            change(&mut script);
        }
        let browser = stage.browser();
        assert_eq!(stage.go(&browser, json!({})).await, "/login?sso=provider", "{reason}");
        assert_eq!(role(&browser).await, None, "{reason}");
        // A new minute of refusals.
        stage.app.state.refusals.flush().await.unwrap();
        let last = admin.audit_log("&action=session.create").await.swap_remove(0);
        assert!(is_about(&last, reason), "{reason}: {last}");
    }
    assert_eq!(stage.users().await.len(), 1);
    // And one that holds is accepted.
    {
        let mut script = stage.idp.script();
        (script.alg, script.key, script.kid) = ("PS256", 0, "first");
        (script.claims, script.tokens) = (json!({}), json!({}));
    }
    let browser = stage.browser();
    assert_eq!(stage.go(&browser, json!({})).await, "/");
    assert_eq!(role(&browser).await.as_deref(), Some("viewer"));
}

async fn clocks_may_differ_by_a_minute(backend: Backend) {
    let stage = Stage::new(backend).await;
    for claims in [
        json!({ "exp": 1_767_268_800 - 59, "iat": 1_767_268_800 - 400 }),
        json!({ "iat": 1_767_268_800 + 60 }),
    ] {
        let (browser, end) = stage.sign_in(claims.clone()).await;
        assert_eq!(
            (end.as_str(), role(&browser).await.as_deref()),
            ("/", Some("viewer")),
            "{claims}"
        );
    }
}

async fn the_issuer_parameter_is_asked_for_and_compared(backend: Backend) {
    let stage = Stage::new(backend).await;
    let supported = json!({ "authorization_response_iss_parameter_supported": true });
    stage.idp.script().metadata = supported;
    for (before, after, expected) in [
        ("&iss=", "&other=", "/login?sso=provider"),
        ("&iss=", "&iss=https%3A%2F%2Fevil.example%2F", "/login?sso=provider"),
        ("&iss=", "&iss=x&iss=", "/login?sso=state"),
        ("&iss=", "&iss=", "/"),
    ] {
        let browser = stage.browser();
        let callback = stage.begin(&browser, json!({})).await.replace(before, after);
        assert_eq!(location(&browser, &callback).await, expected, "{after}");
    }
}

async fn odd_answers_of_the_provider_are_refused(backend: Backend) {
    let stage = Stage::new(backend).await;
    let browser = stage.browser();
    let elsewhere = vec![("location", format!("{}/elsewhere", stage.idp.issuer))];
    let huge = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(1024 * 1024));
    for (path, answer, expected) in [
        ("/token", (302, elsewhere.clone(), String::new()), "unavailable"),
        ("/token", (307, elsewhere.clone(), String::new()), "unavailable"),
        ("/token", (200, vec![], huge), "unavailable"),
        ("/token", (500, vec![], "planted".to_owned()), "provider"),
        ("/token", (200, vec![], "{}".to_owned()), "provider"),
        ("/token", (200, vec![], String::new()), "provider"),
    ] {
        let callback = stage.begin(&browser, json!({})).await;
        stage.idp.script().instead.insert(path, answer);
        assert_eq!(location(&browser, &callback).await, format!("/login?sso={expected}"));
        stage.idp.script().instead.clear();
    }
    assert_eq!(stage.idp.asked_for("/elsewhere"), 0);
    // Without a token that fits a header, userinfo is not asked.
    stage.idp.script().tokens = json!({ "access_token": "a\nb" });
    let (_, end) = stage.sign_in(json!({ "groups": null })).await;
    assert_eq!(end, "/login?sso=provider");
    assert_eq!(stage.idp.asked_for("/userinfo"), 0);
    assert_eq!(stage.users().await.len(), 1);
}

async fn userinfo_of_another_subject_is_refused(backend: Backend) {
    let stage = Stage::new(backend).await;
    stage.idp.script().userinfo = json!({ "sub": "2", "groups": ["root"] });
    let (_, end) = stage.sign_in(json!({ "groups": null })).await;
    assert_eq!(end, "/login?sso=provider");
    stage.idp.script().userinfo = json!({ "groups": ["dev"], "email": "ada@example.com" });
    let (browser, end) = stage.sign_in(json!({ "groups": null })).await;
    assert_eq!((end.as_str(), role(&browser).await.as_deref()), ("/", Some("editor")));
    // What the ID token says is not replaced.
    assert_eq!(stage.user("grace@example.com").await.role, "editor");
    // Asked for and failed is not the same as no groups: nothing is taken away.
    let failed = (500, vec![], "planted".to_owned());
    stage.idp.script().instead.insert("/userinfo", failed);
    let (_, end) = stage.sign_in(json!({ "groups": null })).await;
    assert_eq!(end, "/login?sso=provider");
    assert_eq!(role(&browser).await.as_deref(), Some("editor"));
}

async fn nothing_planted_is_repeated(backend: Backend) {
    let idp = super::Idp::start().await;
    let database = TestDatabase::new(backend).await;
    let usual = [
        ("KEYWARD_OIDC_ISSUER", idp.issuer.as_str()),
        ("KEYWARD_OIDC_CLIENT_ID", "keyward"),
        ("KEYWARD_OIDC_CLIENT_SECRET", CLIENT_SECRET),
        ("RUST_LOG", "keyward=trace,info"),
    ];
    let server = Server::start(&database, &[&usual[..], &ADMIN, &GROUPS].concat());
    idp.script().now = Clock::System.now().unix_timestamp();
    let browser = crate::support::Client::that_stays(server.address);
    let mut seen = String::new();
    let planted = |error: &str| {
        let body =
            json!({ "error": error, "error_description": "planted text", "error_uri": "planted" });
        (400, vec![], body.to_string())
    };
    let begin = async || {
        let started = browser.post("/api/oidc/start", &json!({})).await.expect(200);
        let url = started.data()["url"].as_str().unwrap().to_owned();
        (started.text, format!("/api/oidc/callback?{}", idp.authorize(&url)))
    };
    for error in ["invalid_client", "planted text", "PLANTED", &"planted".repeat(20)] {
        let (text, callback) = begin().await;
        seen += &text;
        idp.script().instead.insert("/token", planted(error));
        let answer = browser.get(&callback).await.expect(303);
        write!(seen, "{answer:?}").unwrap();
        idp.script().instead.clear();
    }
    for claims in [
        json!({ "iss": "https://planted" }),
        json!({ "aud": "planted" }),
        json!({ "nonce": "planted" }),
    ] {
        idp.script().claims = claims;
        let (text, callback) = begin().await;
        seen += &text;
        write!(seen, "{:?}", browser.get(&callback).await.expect(303)).unwrap();
    }
    for query in [
        "error=planted%20text&error_description=planted",
        "error=access_denied&error_description=planted",
    ] {
        let (_, callback) = begin().await;
        let state = callback.split(['&', '?']).find(|part| part.starts_with("state=")).unwrap();
        let refused = browser.get(&format!("/api/oidc/callback?{query}&{state}")).await.expect(303);
        write!(seen, "{refused:?}").unwrap();
    }
    let admin = crate::support::Client::new(server.address);
    admin.sign_in().await;
    let log = admin.audit_log("").await;
    assert!(log.iter().any(|entry| is_about(entry, "invalid_client")), "{log:?}");
    seen += &serde_json::to_string(&log).unwrap();
    let (_, written) = server.stop();
    assert!(written.contains("nobody signed in"), "{written}");
    for text in [seen, written] {
        assert!(!text.to_lowercase().contains("planted"), "{text}");
    }
}

fn is_about(entry: &Value, text: &str) -> bool {
    entry["detail"].as_str().is_some_and(|detail| detail.contains(text))
}
