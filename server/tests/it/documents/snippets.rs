//! Runs the snippets of server/docs/providers.md word for word: each gets the key of a provider
//! here and calls that provider, for which a server of the test stands in.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use http::StatusCode;
use http::header::LOCATION;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(each_snippet_calls_a_provider_with_its_key);

const DOCUMENT: &str = include_str!("../../../docs/providers.md");

/// The snippet in this language beneath `## From a program`.
fn snippet(language: &str) -> &'static str {
    let (_, section) = DOCUMENT.split_once("\n## From a program\n").unwrap();
    let (_, rest) = section.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split("\n```").next().unwrap()
}

type Requests = Arc<Mutex<Vec<(String, String)>>>;

/// A provider that notes path and `authorization` of each request.
pub async fn stand_in() -> (String, Requests) {
    let requests = Requests::default();
    let note = async |State(requests): State<Requests>, request: Request| {
        let header = request.headers().get("authorization");
        let header = header.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        requests.lock().unwrap().push((request.uri().path().to_owned(), header));
        "the answer of the provider"
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().fallback(note).with_state(requests.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, requests)
}

/// A server that answers every request with this status and a `location` under `target`.
pub async fn redirects_to(target: &str, status: u16) -> String {
    let (target, status) = (target.to_owned(), StatusCode::from_u16(status).unwrap());
    let answer = move || async move { (status, [(LOCATION, format!("{target}/stolen"))]) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

const LANGUAGES: [(&str, &[&str]); 3] = [
    ("sh", &["sh", "-euc"]),
    ("python", &["python3", "-c"]),
    ("js", &["node", "--input-type=module", "-e"]),
];

/// Runs a snippet: whether it succeeded, what it printed, and its errors.
async fn run(
    (language, program): (&str, &[&str]),
    keyward: &str,
    key: &str,
    provider: &str,
) -> (bool, String, String) {
    let output = Command::new(program[0])
        .args(&program[1..])
        .arg(snippet(language))
        .env("KEYWARD_URL", keyward)
        .env("KEYWARD_KEY", key)
        .env("OPENAI_BASE_URL", provider)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), String::from_utf8(output.stdout).unwrap(), errors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_snippet_takes_a_key_elsewhere_or_prints_it() {
    let app = App::start(Backend::Sqlite).await;
    let admin = app.admin().await;
    let body = json!({ "name": "a program", "scopes": ["providers:resolve:openai"] });
    let (_, key) = admin.create_key(&body).await;
    let body = json!({ "value": "sk-of-the-provider" });
    admin.put_provider("openai", &body).await.expect(200);
    let keyward = format!("http://{}", app.address);
    let (elsewhere, requests) = stand_in().await;
    for language in LANGUAGES {
        for status in [301, 302, 303, 307, 308] {
            let away = redirects_to(&elsewhere, status).await;
            let (is_good, _, errors) = run(language, &away, &key, &elsewhere).await;
            assert!(!is_good, "{language:?}, {status}");
            let (_, printed, more) = run(language, &keyward, &key, &away).await;
            assert_eq!(*requests.lock().unwrap(), [], "{language:?}, {status}: {errors}{more}");
            for text in [errors, printed, more] {
                assert!(!text.contains(&key) && !text.contains("sk-of"), "{language:?}: {text}");
            }
        }
        for odd in ["kw_planted\nx", "kw_planted\u{200b}x"] {
            let (is_good, printed, errors) = run(language, &keyward, odd, &elsewhere).await;
            assert!(!is_good, "{language:?}");
            let text = format!("{printed}{errors}");
            assert!(!text.contains("planted"), "{language:?}: {text}");
        }
    }
}

async fn each_snippet_calls_a_provider_with_its_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "a program", "scopes": ["providers:resolve:openai"] });
    let (_, key) = admin.create_key(&body).await;
    let put = async |path: &str, value: &str| {
        let path = format!("/api/providers/{path}");
        admin.put(&path, &json!({ "value": value })).await.expect(200);
    };
    put("openai", "sk-of-the-provider").await;
    let (url, requests) = stand_in().await;
    let keyward = format!("http://{}", app.address);
    for (value, change) in
        [("sk-of-the-provider", None), ("sk-of-the-model", Some("openai/models/gpt-5"))]
    {
        if let Some(path) = change {
            put(path, value).await;
        }
        for language in LANGUAGES {
            let (is_good, printed, errors) = run(language, &keyward, &key, &url).await;
            assert!(is_good, "{language:?}: {errors}");
            assert_eq!(printed.trim_end(), "the answer of the provider", "{language:?}");
            let calls = std::mem::take(&mut *requests.lock().unwrap());
            assert_eq!(
                calls,
                [("/v1/models".to_owned(), format!("Bearer {value}"))],
                "{language:?}"
            );
        }
    }
    // Without a key each fails, and calls nobody.
    admin.delete("/api/providers/openai").await.expect(200);
    for language in LANGUAGES {
        let (is_good, ..) = run(language, &keyward, &key, &url).await;
        assert!(!is_good, "{language:?}");
        assert!(requests.lock().unwrap().is_empty(), "{language:?}");
    }
}
