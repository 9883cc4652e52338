//! A proxy that runs with the configuration that is shipped.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// What the configurations call the service, Keyward and themselves.
const SERVICE: &str = "127.0.0.1:3000";
const KEYWARD: &str = "127.0.0.1:8080";
const PROXY: &str = "127.0.0.1:8000";

/// Where `make` installs Envoy and Traefik.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/proxies/venv/bin");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Caddy,
    Haproxy,
    Traefik,
    Envoy,
}

/// Who talks to whom.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub keyward: SocketAddr,
    pub service: SocketAddr,
}

impl Kind {
    /// Puts the configuration into a folder, as `edit` changes it, with these addresses in place
    /// of those in it.
    fn configure(
        self,
        folder: &Path,
        edit: fn(&str) -> String,
        Addresses { keyward, service }: Addresses,
        own: SocketAddr,
    ) {
        let files = match self {
            Self::Nginx => &["nginx.conf"][..],
            Self::Caddy => &["Caddyfile"],
            Self::Haproxy => &["haproxy.cfg", "keyward.lua"],
            Self::Traefik => &["traefik-dynamic.yml"],
            Self::Envoy => &["envoy.yaml"],
        };
        for file in files {
            let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/proxies/");
            let mut text = edit(&fs::read_to_string(format!("{shipped}{file}")).unwrap());
            for (written, real) in [(SERVICE, service), (KEYWARD, keyward), (PROXY, own)] {
                text = text.replace(written, &real.to_string());
                // As Envoy writes it.
                let (_, port) = written.split_once(':').unwrap();
                let real = format!("port_value: {} ", real.port());
                text = text.replace(&format!("port_value: {port} "), &real);
            }
            fs::write(folder.join(file), text).unwrap();
        }
        if self == Self::Nginx {
            fs::write(folder.join("main.conf"), nginx_main()).unwrap();
        }
    }

    /// How it is run in the folder.
    fn command(self, own: SocketAddr) -> Command {
        let (program, arguments): (_, &[&str]) = match self {
            Self::Nginx => ("nginx".to_owned(), &["-e", "stderr", "-p", ".", "-c", "main.conf"]),
            Self::Caddy => {
                ("caddy".to_owned(), &["run", "--adapter", "caddyfile", "--config", "Caddyfile"])
            }
            Self::Haproxy => ("haproxy".to_owned(), &["-db", "-f", "haproxy.cfg"]),
            Self::Traefik => (
                format!("{INSTALLED}/traefik"),
                &[
                    "--providers.file.filename=traefik-dynamic.yml",
                    "--entryPoints.web.http.aliasHeadersStrategy=delete",
                ],
            ),
            Self::Envoy => (
                format!("{INSTALLED}/envoy"),
                &["-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "2"],
            ),
        };
        let mut command = Command::new(program);
        command.args(arguments);
        if self == Self::Traefik {
            command.arg(format!("--entryPoints.web.address={own}"));
        }
        command
    }
}

/// What is in Debian's `/etc/nginx/nginx.conf`, with all paths in the folder.
fn nginx_main() -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"))
        .concat();
    // As root, if it is root, so that its workers can use the folder.
    format!(
        "user root;\npid nginx.pid;\ndaemon off;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}include nginx.conf;\n}}\n"
    )
}

/// A running proxy that is stopped when the test is over.
pub struct Proxy(Child);

impl Proxy {
    /// It runs in this folder, and writes to `log` there.
    pub async fn start(
        kind: Kind,
        folder: &Path,
        edit: fn(&str) -> String,
        addresses: Addresses,
    ) -> (Self, SocketAddr) {
        // The port is free when it is chosen; somebody else may take it before the proxy does.
        for _ in 0..5 {
            let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            kind.configure(folder, edit, addresses, own);
            let mut proxy = Self::spawn(kind.command(own), folder);
            if proxy.is_up(own).await {
                return (proxy, own);
            }
        }
        let log = fs::read_to_string(folder.join("log")).unwrap();
        panic!("{kind:?} does not listen: {log}");
    }

    fn spawn(mut command: Command, folder: &Path) -> Self {
        let log = File::create(folder.join("log")).unwrap();
        let path = std::env::var("PATH").unwrap();
        let child = command
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{path}:/usr/sbin"))
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        Self(child.unwrap_or_else(|error| {
            panic!("{command:?}: {error}; run it with `make integration`, which installs")
        }))
    }

    /// Waits until it answers there; false if it ends, or takes longer than 20 s.
    async fn is_up(&mut self, own: SocketAddr) -> bool {
        for _ in 0..1_000 {
            if self.0.try_wait().unwrap().is_some() {
                return false;
            }
            if answers(own).await.unwrap_or(false) {
                return true;
            }
            sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

/// Whether a proxy has its configuration: Traefik listens before that, and answers 404.
async fn answers(own: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(own).await?;
    // The kernel may choose that very port for our end, and connect us to ourselves.
    if stream.local_addr()? == own {
        return Ok(false);
    }
    let request = format!("GET / HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    Ok(&answer == b"HTTP/1.1 401")
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
