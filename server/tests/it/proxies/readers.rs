//! Services that report how they read the target of a request: Express, `new URL` of JavaScript,
//! Starlette, and a servlet container, by what Tomcat does.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

/// Where `make` installs Express and Starlette.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/examples");

/// The paths that need the strictest scope in the examples.
pub const PROTECTED: [&str; 2] = ["/orders", "/catalog/drafts"];

/// Two processes that end with the test.
pub struct Readers {
    folder: PathBuf,
    _processes: [Child; 2],
}

impl Readers {
    pub async fn start(folder: &Path) -> Self {
        let mut node = Command::new("node");
        node.args(["--input-type=module", "-e", include_str!("readers.mjs")]);
        node.env("SOCKET", folder.join("node"));
        std::fs::write(folder.join("readers.py"), include_str!("readers.py")).unwrap();
        let mut python = Command::new(format!("{INSTALLED}/venv/bin/python"));
        python.args(["-m", "uvicorn", "readers:app", "--app-dir"]).arg(folder);
        python.arg("--uds").arg(folder.join("python"));
        let processes = [start(node, folder, "node").await, start(python, folder, "python").await];
        Self { folder: folder.to_owned(), _processes: processes }
    }

    /// The readings by which this target is one of the [`PROTECTED`] paths.
    pub async fn protected(&self, target: &str) -> Vec<String> {
        let mut readings = self.ask("node", target).await;
        readings.extend(self.ask("python", target).await);
        readings.insert("tomcat".to_owned(), tomcat(target).into());
        let read = readings.into_iter().map(|(reader, path)| (reader, path.as_str().map(lower)));
        let read = read.map(|(reader, path)| (reader, path.unwrap()));
        read.filter(|(_, path)| PROTECTED.iter().any(|protected| path.starts_with(protected)))
            .map(|(reader, path)| format!("{reader} reads {path}"))
            .collect()
    }

    /// Nothing from a service that refuses it.
    async fn ask(&self, service: &str, target: &str) -> Map<String, Value> {
        let mut stream = UnixStream::connect(self.folder.join(service)).await.unwrap();
        let head = format!("GET {target} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n");
        let head: Vec<_> = head.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        stream.write_all(&head).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_default()
    }
}

fn lower(path: &str) -> String {
    path.to_lowercase()
}

async fn start(mut command: Command, folder: &Path, service: &str) -> Child {
    let log = File::create(folder.join(format!("{service}.log"))).unwrap();
    command.current_dir(INSTALLED).stdin(Stdio::null()).stdout(log.try_clone().unwrap());
    let child = command.stderr(log).kill_on_drop(true).spawn();
    let child = child.expect("run it with `make integration`, which installs");
    let is_up = async {
        while UnixStream::connect(folder.join(service)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), is_up).await.expect("it does not listen");
    child
}

/// As `CoyoteAdapter` of Tomcat does with `encodedSolidusHandling="decode"` and
/// `allowBackslash`: path parameters go, then it decodes, then it resolves.
fn tomcat(target: &str) -> String {
    let path = target.split('?').next().unwrap();
    let path = path
        .strip_prefix("http://")
        .map_or(path, |rest| rest.find('/').map_or("/", |slash| &rest[slash..]));
    let segments = path.split('/').map(|segment| segment.split(';').next().unwrap());
    let path = segments.collect::<Vec<_>>().join("/");
    let path = percent_decode_str(&path).decode_utf8_lossy().replace('\\', "/");
    let mut resolved = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => (),
            ".." => drop(resolved.pop()),
            segment => resolved.push(segment),
        }
    }
    format!("/{}", resolved.join("/"))
}
