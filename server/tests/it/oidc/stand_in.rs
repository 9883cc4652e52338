//! An identity provider in this process that says whatever a test wants.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use openidconnect::core::{CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::{Url, form_urlencoded};
use uuid::Uuid;

pub const CLIENT_SECRET: &str = "planted-client-secret";

/// Two RSA keys in PEM.
static KEYS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [0; 2].map(|_| {
        let made = Command::new("openssl").args(["genrsa", "-traditional", "2048"]).output();
        String::from_utf8(made.expect("openssl").stdout).unwrap()
    })
});

pub struct Idp {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
    server: JoinHandle<()>,
}

/// What it says.
pub struct Script {
    issuer: String,
    /// Its clock, in seconds since 1970.
    pub now: i64,
    /// Added to the metadata, the claims of the ID token and of userinfo; `null` takes one away.
    pub metadata: Value,
    pub claims: Value,
    pub userinfo: Value,
    /// What the ID token is signed with: `alg`, the number of the key, and the `kid` it names.
    pub alg: &'static str,
    pub key: usize,
    pub kid: &'static str,
    /// The keys that are published, each with its `kid`.
    pub published: Vec<(usize, &'static str)>,
    /// The secret of HS256.
    pub secret: Vec<u8>,
    /// Sent by the token endpoint beside the usual.
    pub tokens: Value,
    /// Answers of a path in place of the usual: status, headers, body.
    pub instead: HashMap<&'static str, Instead>,
    codes: HashMap<String, Issued>,
    /// The paths that were asked for.
    pub asked: Vec<String>,
}

/// Status, headers, body.
type Instead = (u16, Vec<(&'static str, String)>, String);

struct Issued {
    nonce: String,
    challenge: String,
}

impl Idp {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Script {
            issuer: issuer.clone(),
            // When the clock of the tests begins.
            now: 1_767_268_800,
            metadata: json!({}),
            claims: json!({}),
            userinfo: json!({}),
            alg: "RS256",
            key: 0,
            kid: "first",
            published: vec![(0, "first")],
            secret: Vec::new(),
            tokens: json!({}),
            instead: HashMap::new(),
            codes: HashMap::new(),
            asked: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let router = Router::new().fallback(answer).with_state(script.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, script, server }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// The query with which the browser comes back that was sent to this address.
    pub fn authorize(&self, url: &str) -> String {
        let url = Url::parse(url).unwrap();
        assert!(url.as_str().starts_with(&format!("{}/authorize?", self.issuer)), "{url}");
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], "keyward");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["redirect_uri"].ends_with("/api/oidc/callback"));
        let code = Uuid::now_v7().to_string();
        let [nonce, challenge] = ["nonce", "code_challenge"].map(|name| asked[name].clone());
        self.script().codes.insert(code.clone(), Issued { nonce, challenge });
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", &code).append_pair("state", &asked["state"]);
        query.append_pair("iss", &self.issuer).append_pair("session_state", "of the provider");
        query.finish()
    }

    /// How often this path was asked for.
    pub fn asked_for(&self, path: &str) -> usize {
        self.script().asked.iter().filter(|asked| *asked == path).count()
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap();
    let mut script = script.lock().unwrap();
    let path = parts.uri.path();
    script.asked.push(path.to_owned());
    if let Some((status, headers, body)) = script.instead.get(path) {
        let mut response = (StatusCode::from_u16(*status).unwrap(), body.clone()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        return response;
    }
    let bearer = parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap());
    let (status, answer) = match path {
        "/.well-known/openid-configuration" => (200, script.metadata()),
        "/jwks" => (200, script.jwks()),
        "/token" => script.token(bearer.unwrap_or_default(), &body),
        "/userinfo" if bearer == Some("Bearer access-token") => {
            (200, merged(json!({ "sub": "1" }), &script.userinfo))
        }
        _ => (404, json!({})),
    };
    (StatusCode::from_u16(status).unwrap(), axum::Json(answer)).into_response()
}

impl Script {
    fn metadata(&self) -> Value {
        let issuer = &self.issuer;
        let usual = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "end_session_endpoint": format!("{issuer}/end"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        });
        merged(usual, &self.metadata)
    }

    fn jwks(&self) -> Value {
        let keys = self.published.iter().map(|(key, kid)| {
            let mut key =
                serde_json::to_value(signing_key(*key, kid).as_verification_key()).unwrap();
            // Any algorithm of RSA.
            key.as_object_mut().unwrap().remove("alg");
            key
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn token(&mut self, authorization: &str, body: &Bytes) -> (u16, Value) {
        let basic = STANDARD.encode(format!("keyward:{CLIENT_SECRET}"));
        assert_eq!(authorization, format!("Basic {basic}"));
        let form: HashMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        assert_eq!(form["grant_type"], "authorization_code");
        let Some(issued) = self.codes.remove(&form["code"]) else {
            return (400, json!({ "error": "invalid_grant" }));
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
        if challenge != issued.challenge {
            return (400, json!({ "error": "invalid_grant" }));
        }
        let usual = json!({
            "access_token": "access-token",
            "token_type": "Bearer",
            "id_token": self.id_token(&issued),
        });
        (200, merged(usual, &self.tokens))
    }

    fn id_token(&self, issued: &Issued) -> String {
        let usual = json!({
            "iss": self.issuer,
            "aud": "keyward",
            "sub": "1",
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": issued.nonce,
            "email": "grace@example.com",
            "email_verified": true,
            "groups": ["staff"],
        });
        let header = json!({ "alg": self.alg, "kid": self.kid, "typ": "JWT" });
        let claims = merged(usual, &self.claims);
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{header}.{claims}");
        let bytes = text.as_bytes();
        let key = || signing_key(self.key, self.kid);
        let signature = match self.alg {
            "none" => Vec::new(),
            "HS256" => {
                let key = CoreHmacKey::new(self.secret.clone());
                key.sign(&CoreJwsSigningAlgorithm::HmacSha256, bytes).unwrap()
            }
            "PS256" => key().sign(&CoreJwsSigningAlgorithm::RsaSsaPssSha256, bytes).unwrap(),
            _ => key().sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, bytes).unwrap(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn signing_key(number: usize, kid: &str) -> CoreRsaPrivateSigningKey {
    let kid = JsonWebKeyId::new(kid.to_owned());
    CoreRsaPrivateSigningKey::from_pem(&KEYS[number], Some(kid)).unwrap()
}

/// The public half of the first key, as programs that confuse keys would take it for a secret.
pub fn public_pems() -> Vec<Vec<u8>> {
    let public = |arguments: &[&str]| {
        let folder = std::env::temp_dir().join(format!("keyward-idp-{}", Uuid::now_v7()));
        std::fs::write(&folder, &KEYS[0]).unwrap();
        let file = folder.to_str().unwrap();
        let made = Command::new("openssl").args(["rsa", "-in", file]).args(arguments).output();
        std::fs::remove_file(&folder).unwrap();
        made.unwrap().stdout
    };
    let pem = public(&["-pubout"]);
    let trimmed = pem.trim_ascii().to_vec();
    vec![pem, trimmed, public(&["-RSAPublicKey_out"]), public(&["-pubout", "-outform", "DER"])]
}

fn merged(mut usual: Value, other: &Value) -> Value {
    for (name, value) in other.as_object().unwrap() {
        if value.is_null() {
            usual.as_object_mut().unwrap().remove(name);
        } else {
            usual[name] = value.clone();
        }
    }
    usual
}
