//! The provider's metadata and keys change, and the provider goes away.

use std::time::Duration;

use serde_json::json;

use super::{Stage, role};
use crate::support::{Backend, on_both_databases};

on_both_databases!(
    new_keys_are_fetched_when_a_token_names_them_and_not_too_often,
    a_provider_that_does_not_answer_is_asked_again_later,
);

const METADATA: &str = "/.well-known/openid-configuration";

async fn new_keys_are_fetched_when_a_token_names_them_and_not_too_often(backend: Backend) {
    let stage = Stage::new(backend).await;
    let fetched = || stage.idp.asked_for("/jwks");
    assert_eq!(stage.sign_in(json!({})).await.1, "/");
    assert_eq!(fetched(), 1);
    // Made up: nobody makes the server fetch keys more than once in 10 seconds.
    stage.idp.script().kid = "unknown";
    stage.app.clock.advance(Duration::from_secs(11));
    for _ in 0..5 {
        assert_eq!(stage.sign_in(json!({})).await.1, "/login?sso=provider");
    }
    assert_eq!(fetched(), 2);
    // The provider changes its key.
    {
        let mut script = stage.idp.script();
        (script.key, script.kid, script.published) = (1, "second", vec![(1, "second")]);
    }
    assert_eq!(stage.sign_in(json!({})).await.1, "/login?sso=provider");
    stage.app.clock.advance(Duration::from_secs(11));
    let (browser, end) = stage.sign_in(json!({})).await;
    assert_eq!((end.as_str(), role(&browser).await.as_deref()), ("/", Some("viewer")));
    assert_eq!(fetched(), 3);
    // Kept for an hour, then fetched in any case.
    stage.app.clock.advance(Duration::from_mins(59));
    stage.idp.script().now += 3_600;
    assert_eq!(stage.sign_in(json!({})).await.1, "/");
    assert_eq!(fetched(), 3);
    stage.app.clock.advance(Duration::from_mins(1));
    assert_eq!(stage.sign_in(json!({})).await.1, "/");
    assert_eq!(fetched(), 4);
}

async fn a_provider_that_does_not_answer_is_asked_again_later(backend: Backend) {
    let stage = Stage::new(backend).await;
    let browser = stage.browser();
    let start = async || browser.post("/api/oidc/start", &json!({})).await;
    let sentence = "The identity provider does not answer as it should; the server's log says more";
    let broken = (500, vec![], "planted".to_owned());
    stage.idp.script().instead.insert(METADATA, broken);
    for _ in 0..3 {
        start().await.expect_problem(503, "sso_unavailable", sentence);
    }
    assert_eq!(stage.idp.asked_for(METADATA), 1);
    stage.idp.script().instead.clear();
    for metadata in [
        json!({ "issuer": format!("{}/", stage.idp.issuer) }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "authorization_endpoint": null }),
        json!({ "jwks_uri": format!("{}/nowhere", stage.idp.issuer) }),
    ] {
        // Longer than a failure and an hour of metadata are remembered.
        stage.app.clock.advance(Duration::from_hours(2));
        stage.idp.script().metadata = metadata.clone();
        let refused = start().await;
        assert!(!refused.text.contains("javascript"), "{metadata}");
        refused.expect_problem(503, "sso_unavailable", sentence);
    }
    stage.app.clock.advance(Duration::from_hours(2));
    stage.idp.script().metadata = json!({});
    start().await.expect(200);
}
