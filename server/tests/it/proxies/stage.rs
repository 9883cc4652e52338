//! A proxy that runs with the configuration that is shipped, between Keyward and a service.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{Answer, App, Backend, Client, EMAIL, PASSWORD, TestDatabase};

const SETTINGS: [(&str, &str); 4] = [
    ("KEYWARD_ADMIN_EMAIL", EMAIL),
    ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
    ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1"),
    ("KEYWARD_THROTTLE_STATUS", "403"),
];

/// What the configurations call the service, Keyward and themselves.
const SERVICE: &str = "127.0.0.1:3000";
const KEYWARD: &str = "127.0.0.1:8080";
const PROXY: &str = "127.0.0.1:8000";

/// A proxy, and the service behind it.
pub struct Stage {
    _proxy: Proxy,
    /// Talks to the proxy.
    pub client: Client,
    /// How often the service was called.
    calls: Arc<AtomicUsize>,
    /// Keeps the folder when Keyward is gone.
    database: TestDatabase,
}

impl Stage {
    pub async fn new(kind: Kind) -> (App, Self) {
        let app = App::with(TestDatabase::new(Backend::Sqlite).await, &SETTINGS).await;
        let database = app.database.shared();
        let calls = Arc::new(AtomicUsize::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = listener.local_addr().unwrap();
        let router = Router::new().fallback(tell).with_state(calls.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (proxy, address) = Proxy::start(kind, database.folder(), app.address, service).await;
        let client = Client::new(address);
        (app, Self { _proxy: proxy, client, calls, database })
    }

    pub async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self.client.get_with(path, &headers).await
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What reached the service of a request that passes.
    pub async fn allowed(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        let before = self.calls();
        let answer = self.ask(path, headers).await.expect(200);
        assert_eq!(self.calls(), before + 1, "{path}");
        for hidden in ["kw_", "x-api-key", "authorization"] {
            assert!(!answer.text.contains(hidden), "{hidden} in {}", answer.text);
        }
        answer.body()
    }

    /// The answer, with one of these statuses, to a request that does not reach the service.
    pub async fn refused(&self, statuses: &[u16], path: &str, headers: &[(&str, &str)]) -> Answer {
        let before = self.calls();
        let answer = self.ask(path, headers).await;
        assert!(statuses.contains(&answer.status), "{path} {headers:?}: {answer:?}");
        assert_eq!(self.calls(), before, "{path} {headers:?}");
        answer
    }

    /// What the proxy has written so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.database.folder().join("log")).unwrap()
    }
}

/// The service: tells what it was asked.
async fn tell(State(calls): State<Arc<AtomicUsize>>, request: Request) -> Json<Value> {
    calls.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let headers = parts.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Json(json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "headers": headers,
        "length": body.len(),
        "sum": crc32fast::hash(&body),
    }))
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Nginx,
    Caddy,
    Haproxy,
}

impl Kind {
    /// Puts the configuration into a folder, with these addresses in place of those in it.
    fn configure(self, folder: &Path, addresses: [(&str, SocketAddr); 3]) {
        let files = match self {
            Self::Nginx => &["nginx.conf"][..],
            Self::Caddy => &["Caddyfile"],
            Self::Haproxy => &["haproxy.cfg", "keyward.lua"],
        };
        for file in files {
            let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/proxies/");
            let mut text = fs::read_to_string(format!("{shipped}{file}")).unwrap();
            for (written, real) in addresses {
                text = text.replace(written, &real.to_string());
            }
            fs::write(folder.join(file), text).unwrap();
        }
        if matches!(self, Self::Nginx) {
            // What is in Debian's `/etc/nginx/nginx.conf`, with all paths in the folder.
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|kind| format!("{kind}_temp_path {kind};\n"))
                .concat();
            // As root, if it is root, so that its workers can use the folder.
            let main = format!(
                "user root;\npid nginx.pid;\ndaemon off;\nerror_log stderr;\nevents {{}}\n\
                 http {{\naccess_log off;\n{temporary}include nginx.conf;\n}}\n"
            );
            fs::write(folder.join("main.conf"), main).unwrap();
        }
    }

    /// How it is run in the folder.
    fn command(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Nginx => ("nginx", &["-e", "stderr", "-p", ".", "-c", "main.conf"]),
            Self::Caddy => ("caddy", &["run", "--adapter", "caddyfile", "--config", "Caddyfile"]),
            Self::Haproxy => ("haproxy", &["-db", "-f", "haproxy.cfg"]),
        }
    }
}

/// A running proxy that is stopped when the test is over.
struct Proxy(Child);

impl Proxy {
    async fn start(
        kind: Kind,
        folder: &Path,
        keyward: SocketAddr,
        service: SocketAddr,
    ) -> (Self, SocketAddr) {
        // The port is free when it is chosen; somebody else may take it before the proxy does.
        for _ in 0..5 {
            let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            kind.configure(folder, [(SERVICE, service), (KEYWARD, keyward), (PROXY, own)]);
            let mut proxy = Self::spawn(kind, folder);
            if proxy.is_up(own).await {
                return (proxy, own);
            }
        }
        let log = fs::read_to_string(folder.join("log")).unwrap();
        panic!("{kind:?} does not listen: {log}");
    }

    fn spawn(kind: Kind, folder: &Path) -> Self {
        let (program, arguments) = kind.command();
        let log = File::create(folder.join("log")).unwrap();
        let path = std::env::var("PATH").unwrap();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{path}:/usr/sbin"))
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        let install = "apt-get install --no-install-recommends nginx caddy haproxy";
        Self(child.unwrap_or_else(|error| panic!("{program}: {error}; `{install}`")))
    }

    /// Waits until it listens there; false if it ends, or takes longer than 10 s.
    async fn is_up(&mut self, own: SocketAddr) -> bool {
        for _ in 0..500 {
            if self.0.try_wait().unwrap().is_some() {
                return false;
            }
            // The kernel may choose that very port for our end, and connect us to ourselves.
            let other = TcpStream::connect(own).await.and_then(|stream| stream.local_addr());
            if other.is_ok_and(|other| other != own) {
                return true;
            }
            sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let is_running = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        if is_running(&mut self.0) {
            // Asked and not killed, since the workers of nginx would outlive their master.
            let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        }
        for _ in 0..500 {
            if !is_running(&mut self.0) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
    }
}
