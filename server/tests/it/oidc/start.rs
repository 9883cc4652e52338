//! How it begins, and who may complete what somebody began.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Stage, location, role};
use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    nothing_is_there_without_a_provider,
    odd_starts_are_refused,
    the_page_is_where_the_person_was,
    only_the_browser_that_began_completes_and_once,
    what_the_provider_refuses_is_named_by_a_code,
    a_sign_in_may_take_ten_minutes,
    any_server_of_the_store_completes_it,
);

async fn nothing_is_there_without_a_provider(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    let sentence = "Single sign-on is not configured";
    let start = client.post("/api/oidc/start", &json!({})).await;
    start.expect_problem(404, "sso_off", sentence);
    let callback = client.get("/api/oidc/callback?code=x&state=y").await;
    callback.expect_problem(404, "sso_off", sentence);
    let status = client.get("/api/setup").await.expect(200).data();
    assert_eq!(status, json!({ "open": false, "localSignIn": true, "sso": null }));
}

async fn odd_starts_are_refused(backend: Backend) {
    let stage = Stage::new(backend).await;
    let browser = stage.browser();
    for (body, field) in [
        (json!({ "returnTo": "https://evil.example" }), "returnTo"),
        (json!({ "returnTo": "//evil.example" }), "returnTo"),
        (json!({ "returnTo": "/\\evil.example" }), "returnTo"),
        (json!({ "returnTo": "/api/session" }), "returnTo"),
        (json!({ "returnTo": 5 }), "returnTo"),
        (json!({ "setupToken": "x", "invitation": "y" }), "connect"),
        (json!({ "setupToken": "x", "connect": true }), "connect"),
        (json!({ "planted": 1 }), "planted"),
    ] {
        let refused = browser.post("/api/oidc/start", &body).await.expect(400);
        assert_eq!(refused.body()["errors"][0]["field"], field, "{body}");
        assert!(refused.cookie("keyward_oidc").is_none());
    }
    let connect = browser.post("/api/oidc/start", &json!({ "connect": true })).await;
    connect.expect_problem(401, "unauthenticated", "A valid credential is required");
    let cross = [("origin", &b"https://evil.example"[..]), ("content-type", b"application/json")];
    let crossed = browser.send(Method::POST, "/api/oidc/start", &cross, Some(b"{}".to_vec())).await;
    crossed.expect(403);
    let status = browser.get("/api/setup").await.expect(200).data();
    assert_eq!(status["sso"], json!({ "name": "127.0.0.1" }));
}

async fn the_page_is_where_the_person_was(backend: Backend) {
    let stage = Stage::new(backend).await;
    let browser = stage.browser();
    let body = json!({ "returnTo": "/settings/secrets?tab=secrets#x" });
    let started = browser.post("/api/oidc/start", &body).await.expect(200);
    let cookie = started.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let query = stage.idp.authorize(started.data()["url"].as_str().unwrap());
    let answer = browser.get(&format!("/api/oidc/callback?{query}")).await.expect(303);
    assert_eq!(answer.header("location"), "/settings/secrets?tab=secrets#x");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.cookie("keyward_oidc"), Some(""));
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    let session = set.iter().find(|it| it.to_str().unwrap().starts_with("keyward_session"));
    assert!(session.unwrap().to_str().unwrap().contains("SameSite=Strict"));
    let session = browser.get("/api/session").await.expect(200).data();
    assert_eq!(session["email"], "grace@example.com");
    assert_eq!((&session["signedInBy"], &session["hasPassword"]), (&json!("sso"), &json!(false)));
}

async fn only_the_browser_that_began_completes_and_once(backend: Backend) {
    let stage = Stage::new(backend).await;
    let (mine, other) = (stage.browser(), stage.browser());
    let callback = stage.begin(&mine, json!({})).await;
    let cookie = mine.post("/api/oidc/start", &json!({})).await.expect(200);
    let newer = cookie.cookie("keyward_oidc").unwrap().to_owned();
    // No browser, another one, one that began another sign-in since.
    assert_eq!(location(&stage.browser(), &callback).await, "/login?sso=state");
    let others = stage.begin(&other, json!({})).await;
    assert_eq!(location(&other, &callback).await, "/login?sso=state");
    assert_eq!(location(&mine, &callback).await, "/login?sso=state");
    // None of this took the cookie of the other one away.
    assert_eq!(location(&other, &others).await, "/");
    // A cookie that was changed.
    let name = format!("keyward_oidc_{}", stage.app.address.port());
    let callback = stage.begin(&mine, json!({})).await;
    for changed in [format!("{name}={newer}"), format!("{name}=x{newer}"), format!("{name}=")] {
        let header = [("cookie", changed.as_bytes())];
        let answer = mine.get_with(&callback, &header).await.expect(303);
        assert_eq!(answer.header("location"), "/login?sso=state", "{changed}");
    }
    // Twice at once, as browsers do; then with the cookie put back.
    let kept = stage.browser();
    let started = kept.post("/api/oidc/start", &json!({})).await.expect(200);
    let sealed = format!("{name}={}", started.cookie("keyward_oidc").unwrap());
    let query = stage.idp.authorize(started.data()["url"].as_str().unwrap());
    let callback = format!("/api/oidc/callback?{query}");
    assert_eq!(location(&kept, &callback).await, "/");
    assert_eq!(location(&kept, &callback).await, "/login?sso=state");
    let again = stage.browser().get_with(&callback, &[("cookie", sealed.as_bytes())]).await;
    assert_eq!(again.expect(303).header("location"), "/login?sso=provider");
    assert_eq!(role(&kept).await.as_deref(), Some("viewer"));
}

async fn what_the_provider_refuses_is_named_by_a_code(backend: Backend) {
    let stage = Stage::new(backend).await;
    for (query, expected) in [
        ("error=access_denied", "cancelled"),
        ("error=temporarily_unavailable", "provider"),
        ("error=%3Cscript%3E", "provider"),
        ("", "provider"),
        ("code=a&code=b", "state"),
        ("error=access_denied&code=a", "cancelled"),
    ] {
        let browser = stage.browser();
        let callback = stage.begin(&browser, json!({})).await;
        let sent = callback.split(['&', '?']).find(|part| part.starts_with("state=")).unwrap();
        let end = location(&browser, &format!("/api/oidc/callback?{sent}&{query}")).await;
        assert_eq!(end, format!("/login?sso={expected}"), "{query}");
    }
    for odd in ["", "?", "?state", "?%ff%fe=%00", &format!("?state={}", "x".repeat(9_000))] {
        let end = location(&stage.browser(), &format!("/api/oidc/callback{odd}")).await;
        assert_eq!(end, "/login?sso=state");
    }
}

async fn a_sign_in_may_take_ten_minutes(backend: Backend) {
    let stage = Stage::new(backend).await;
    for (seconds, expected) in [(599, "/"), (600, "/login?sso=expired")] {
        let browser = stage.browser();
        let callback = stage.begin(&browser, json!({})).await;
        stage.app.clock.advance(Duration::from_secs(seconds));
        stage.idp.script().now += i64::try_from(seconds).unwrap();
        assert_eq!(location(&browser, &callback).await, expected);
    }
}

async fn any_server_of_the_store_completes_it(backend: Backend) {
    let stage = Stage::new(backend).await;
    let sibling = super::start(stage.app.database.shared(), &stage.idp, &super::GROUPS).await;
    let browser = stage.browser();
    let started = browser.post("/api/oidc/start", &json!({})).await.expect(200);
    let sealed = started.cookie("keyward_oidc").unwrap();
    let query = stage.idp.authorize(started.data()["url"].as_str().unwrap());
    // The same cookie under the name of the other address.
    let cookie = format!("keyward_oidc_{}={sealed}", sibling.address.port());
    let other = browser.at(sibling.address);
    let header = [("cookie", cookie.as_bytes())];
    let answer = other.get_with(&format!("/api/oidc/callback?{query}"), &header).await.expect(303);
    assert_eq!(answer.header("location"), "/");
    assert_eq!(role(&other).await.as_deref(), Some("viewer"));
}
