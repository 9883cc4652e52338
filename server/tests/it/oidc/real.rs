//! With a real provider: `oidc-provider` on Node, which is certified for what it does.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use http::HeaderMap;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use keyward::clock::Clock;
use serde_json::{Value, json};
use url::Url;

use super::{GROUPS, location, role};
use crate::support::{ADMIN, App, Backend, Client, TestDatabase, on_both_databases};

on_both_databases!(a_person_signs_in_is_demoted_and_signs_out_at_a_real_provider);

/// Where `make` installs it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/idp");

struct RealIdp {
    process: Child,
    issuer: String,
}

impl RealIdp {
    fn start(accounts: &Value) -> Self {
        assert!(
            Path::new(INSTALLED).join("node_modules").is_dir(),
            "run `make target/idp/node_modules`"
        );
        let mut process = Command::new("node")
            .args(["idp.mjs", &accounts.to_string()])
            .current_dir(INSTALLED)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut issuer).unwrap();
        Self { process, issuer: issuer.trim().to_owned() }
    }

    async fn control(&self, wanted: Value) {
        let control = format!("{}/control", self.issuer);
        let answer = reqwest::Client::new().post(control).body(wanted.to_string()).send().await;
        assert_eq!(answer.unwrap().status(), 200);
    }
}

impl Drop for RealIdp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser at the provider: its cookies have paths.
struct AtProvider {
    http: reqwest::Client,
    cookies: HashMap<String, (String, String)>,
}

impl AtProvider {
    fn new() -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { http: http.build().unwrap(), cookies: HashMap::new() }
    }

    /// Follows the provider's redirects; the address elsewhere where it sends the browser, or the
    /// page that it shows.
    async fn visit(
        &mut self,
        issuer: &str,
        url: &str,
        form: Option<&str>,
    ) -> Result<String, (Url, String)> {
        let (mut url, mut form) = (Url::parse(url).unwrap(), form.map(str::to_owned));
        loop {
            if !url.as_str().starts_with(issuer) {
                return Ok(url.into());
            }
            let request = match form.take() {
                None => self.http.get(url.clone()),
                Some(form) => self
                    .http
                    .post(url.clone())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form),
            };
            let answer = request.header(COOKIE, self.sent_to(url.path())).send().await.unwrap();
            self.take(answer.headers());
            let Some(next) = answer.headers().get(LOCATION) else {
                return Err((url, answer.text().await.unwrap()));
            };
            url = url.join(next.to_str().unwrap()).unwrap();
        }
    }

    fn sent_to(&self, path: &str) -> String {
        let sent = self.cookies.iter().filter(|(_, (at, _))| path.starts_with(at.as_str()));
        sent.map(|(name, (_, value))| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let mut parts = cookie.to_str().unwrap().split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let path = parts.find_map(|part| part.strip_prefix("path=")).unwrap_or("/");
            self.cookies.insert(name.to_owned(), (path.to_owned(), value.to_owned()));
        }
    }
}

/// Begins at Keyward, chooses this account at the provider if it asks, and comes back.
async fn sign_in(app: &App, idp: &RealIdp, at: &mut AtProvider, choice: &str) -> (Client, String) {
    let browser = Client::that_stays(app.address);
    let started = browser.post("/api/oidc/start", &json!({})).await.expect(200).data();
    let mut end = at.visit(&idp.issuer, started["url"].as_str().unwrap(), None).await;
    if let Err((page, text)) = end {
        assert!(text.contains("Continue as"), "{text}");
        end = at.visit(&idp.issuer, page.as_str(), Some(choice)).await;
    }
    let home = format!("http://{}", app.address);
    let path = end.unwrap().strip_prefix(&home).unwrap().to_owned();
    let end = location(&browser, &path).await;
    (browser, end)
}

fn accounts(groups: &[&str]) -> Value {
    json!({ "grace": { "email": "grace@example.com", "email_verified": true, "groups": groups } })
}

async fn a_person_signs_in_is_demoted_and_signs_out_at_a_real_provider(backend: Backend) {
    let idp = RealIdp::start(&accounts(&["dev"]));
    let usual = [
        ("KEYWARD_OIDC_ISSUER", idp.issuer.as_str()),
        ("KEYWARD_OIDC_CLIENT_ID", "keyward"),
        ("KEYWARD_OIDC_CLIENT_SECRET", "idp-client-secret"),
    ];
    let variables = [&usual[..], &ADMIN, &GROUPS].concat();
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    // The provider has the machine's clock.
    let ahead = Clock::System.now() - app.clock.now();
    app.clock.advance(ahead.try_into().unwrap());

    let mut at = AtProvider::new();
    let (_, end) = sign_in(&app, &idp, &mut at, "cancel=yes").await;
    assert_eq!(end, "/login?sso=cancelled");
    let (first, end) = sign_in(&app, &idp, &mut at, "login=grace").await;
    assert_eq!((end.as_str(), role(&first).await.as_deref()), ("/", Some("editor")));

    // Demoted there, and then the provider signs with other keys, in each way that is accepted.
    idp.control(json!({ "accounts": accounts(&["staff"]) })).await;
    let (second, end) = sign_in(&app, &idp, &mut at, "login=grace").await;
    assert_eq!((end.as_str(), role(&second).await.as_deref()), ("/", Some("viewer")));
    assert_eq!(role(&first).await, None);
    let mut last = None;
    for algorithm in ["RS256", "PS512", "ES256", "ES384", "EdDSA"] {
        idp.control(json!({ "rotate": algorithm })).await;
        // So often the keys are fetched at most.
        app.clock.advance(std::time::Duration::from_secs(11));
        at = AtProvider::new();
        let (browser, end) = sign_in(&app, &idp, &mut at, "login=grace").await;
        let role = role(&browser).await;
        assert_eq!((end.as_str(), role.as_deref()), ("/", Some("viewer")), "{algorithm}");
        last = Some(browser);
    }
    let third = last.unwrap();

    // Signing out ends the session there as well, and leads back.
    let out = third.delete("/api/session").await.expect(200).data();
    let out = out["signOutUrl"].as_str().unwrap();
    let (page, text) = at.visit(&idp.issuer, out, None).await.unwrap_err();
    let xsrf = text.split("name=\"xsrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let confirm = page.join("/session/end/confirm").unwrap();
    let form = format!("xsrf={xsrf}&logout=yes");
    let end = at.visit(&idp.issuer, confirm.as_str(), Some(&form)).await.unwrap();
    assert_eq!(end, format!("http://{}/login", app.address));

    // Out of all groups, nobody is left signed in.
    idp.control(json!({ "accounts": accounts(&[]) })).await;
    let (_, end) = sign_in(&app, &idp, &mut at, "login=grace").await;
    assert_eq!((end.as_str(), role(&second).await), ("/login?sso=no_role", None));
}
