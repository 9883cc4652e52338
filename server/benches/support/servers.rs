//! Servers under measurement as processes of their own, and who administers them.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde_json::{Value, json};

type Failed = Box<dyn Error>;

/// A server that is killed when this is dropped.
pub struct Server {
    pub process: Child,
    pub address: SocketAddr,
}

/// A key that is going to be revoked.
pub struct Key {
    pub id: String,
    pub text: String,
    pub is_revoked: AtomicBool,
}

/// An administrator at one server.
pub struct Admin {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

/// Makes so many keys.
pub async fn make(admin: &Admin, number: usize) -> Result<Vec<Key>, Failed> {
    let mut keys = Vec::new();
    for n in 0..number {
        let name = format!("{number} {n} {}", std::process::id());
        let made = admin.send(reqwest::Method::POST, "/api/keys", Some(json!({ "name": name })));
        let made = made.await?;
        let text = |field: &str| made["data"][field].as_str().unwrap_or_default().to_owned();
        let is_revoked = AtomicBool::new(false);
        keys.push(Key { id: text("id"), text: text("key"), is_revoked });
    }
    Ok(keys)
}

impl Admin {
    pub async fn at(address: SocketAddr) -> Result<Self, Failed> {
        let (http, base) = (reqwest::Client::new(), format!("http://{address}"));
        let body = json!({ "email": "ada@example.com", "password": "correct horse battery" });
        let answer = http.post(format!("{base}/api/session")).json(&body).send().await?;
        let cookie = answer.error_for_status()?;
        let cookie = cookie.headers().get("set-cookie").ok_or("no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { http, base, cookie })
    }

    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failed> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = request.header("cookie", &self.cookie);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Milliseconds until it was answered.
    pub async fn revoke(&self, id: &str) -> Result<f64, Failed> {
        let start = Instant::now();
        self.send(reqwest::Method::DELETE, &format!("/api/keys/{id}"), None).await?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }
}

impl Server {
    pub fn start(url: &str, folder: &Path) -> Result<Self, Failed> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_keyward"))
            .arg("serve")
            .env_clear()
            .env("DATABASE_URL", url)
            .env("SECRETS_ENCRYPTION_KEY", "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=")
            .env("KEYWARD_BIND", "127.0.0.1:0")
            .env("KEYWARD_STATE_DIR", folder)
            .env("KEYWARD_ADMIN_EMAIL", "ada@example.com")
            .env("KEYWARD_ADMIN_PASSWORD", "correct horse battery")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://").ok_or("it did not start")?;
        Ok(Self { process, address: address.parse()? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
