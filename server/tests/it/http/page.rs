//! The page as it is delivered. Compression and caching are those of the release build;
//! the browser tests look at them.

use crate::support::{App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    every_path_of_the_application_is_its_html_under_a_strict_policy,
    unknown_paths_are_404_with_the_page_that_says_so,
    every_answer_of_the_api_and_the_page_has_a_request_id,
    nobody_but_a_trusted_proxy_names_a_request,
);

async fn every_path_of_the_application_is_its_html_under_a_strict_policy(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    for path in ["/", "/setup", "/login", "/login?next=/", "/settings/secrets"] {
        let answer = client.get(path).await.expect(200);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let html = answer.text.to_lowercase();
        assert!(!html.contains("<style") && !html.contains("style=") && !html.contains("onload="));
        assert!(html.match_indices("<script").all(|(at, _)| html[at..].contains("src=")));
    }
}

async fn unknown_paths_are_404_with_the_page_that_says_so(backend: Backend) {
    let app = App::start(backend).await;
    for path in ["/nothing", "/settings", "/assets/none.js", "/../etc/passwd", "/%2e%2e/x"] {
        let answer = app.anonymous().get(path).await.expect(404);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    }
}

async fn every_answer_of_the_api_and_the_page_has_a_request_id(backend: Backend) {
    let proxies = [("KEYWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let app = App::with(TestDatabase::new(backend).await, &proxies).await;
    let client = app.anonymous();
    let id = client.get("/api/keys").await.expect(401).header("x-request-id").to_owned();
    assert_eq!(id.len(), 36);
    let kept = client.get_with("/", &[("x-request-id", b"proxy-7")]).await;
    assert_eq!(kept.header("x-request-id"), "proxy-7");
    for odd in [&b"x".repeat(65)[..], b"a b", b"\xff", b"{\"a\":1}"] {
        let replaced = client.get_with("/", &[("x-request-id", odd)]).await;
        assert_eq!(replaced.header("x-request-id").len(), 36);
    }
}

async fn nobody_but_a_trusted_proxy_names_a_request(backend: Backend) {
    let app = App::start(backend).await;
    for path in ["/", "/api/keys", "/livez"] {
        let answer = app.anonymous().get_with(path, &[("x-request-id", b"planted")]).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}
