//! The same stage byte for byte: a client that sends any request line, and a service that keeps
//! the heads of requests as they arrive. Both write bytes as the characters of that number.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::proxy::{Addresses, Kind, Proxy};
use super::stage::keyward;
use crate::support::App;

/// RFC 6455, section 1.3: a key, and what accepts it.
const WEBSOCKET: (&str, &str) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

/// Heads of requests, in lower case but for the first line.
type Heads = Arc<Mutex<Vec<String>>>;

pub struct RawStage {
    pub app: App,
    _proxy: Proxy,
    /// Where the proxy listens.
    pub address: SocketAddr,
    heads: Heads,
}

impl RawStage {
    /// With the configuration as `edit` changes it.
    pub async fn new(kind: Kind, edit: fn(&str) -> String) -> Self {
        let app = keyward().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = Addresses { keyward: app.address, service: listener.local_addr().unwrap() };
        let heads = Heads::default();
        tokio::spawn(serve(listener, heads.clone()));
        let (proxy, address) = Proxy::start(kind, app.database.folder(), edit, addresses).await;
        Self { app, _proxy: proxy, address, heads }
    }

    /// The answer to one request. `headers` end with a line break each.
    pub async fn ask(&self, method: &str, target: &str, headers: &str) -> Reply {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let host = self.address;
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nNumber: {number}.\r\n{headers}\r\n"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(&latin_1(&head)).await.unwrap();
        let answer = timeout(Duration::from_secs(20), read_head(&mut stream));
        let head = answer.await.unwrap_or_else(|_| panic!("no answer to {head:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{head:?} to {target:?}"));
        let number = format!("\r\nnumber: {number}.\r\n");
        let heads = self.heads.lock().unwrap();
        let arrived = heads.iter().find(|head| head.contains(&number)).cloned();
        Reply { status, head: head.to_ascii_lowercase(), arrived, stream }
    }
}

/// An answer of the proxy.
pub struct Reply {
    pub status: u16,
    /// Its head in lower case.
    head: String,
    /// The head of the request as it arrived at the service, if it did.
    pub arrived: Option<String>,
    /// For what follows.
    pub stream: TcpStream,
}

impl Reply {
    /// The target in the request line that arrived.
    pub fn target(&self) -> Option<&str> {
        let line = self.arrived.as_ref()?.lines().next().unwrap();
        let (_, line) = line.split_once(' ').unwrap();
        Some(line.rsplit_once(' ').unwrap().0)
    }

    /// All values of a header of the answer.
    pub fn headers<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        values(&self.head, name)
    }
}

/// All values of a header in a head that is in lower case.
pub fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(own, _)| *own == name).map(|(_, value)| value).collect()
}

/// The headers with which a client asks for a WebSocket.
pub fn websocket(upgrade: &str) -> String {
    format!(
        "Connection: Upgrade\r\nUpgrade: {upgrade}\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {}\r\n",
        WEBSOCKET.0
    )
}

/// Everything to the first empty line, or to the end.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        // A proxy may hang up, or reset, in place of an answer.
        let Ok(byte) = stream.read_u8().await else { break };
        head.push(char::from(byte));
    }
    head
}

async fn serve(listener: TcpListener, heads: Heads) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(answer(stream, heads.clone()));
    }
}

/// Answers 200, or takes whatever upgrade is asked for and sends back what it gets.
async fn answer(stream: TcpStream, heads: Heads) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_until(b'\n', &mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let head: String = head.into_iter().map(char::from).collect();
        let (line, rest) = head.split_once("\r\n").unwrap();
        let rest = rest.to_ascii_lowercase();
        heads.lock().unwrap().push(format!("{line}\r\n{rest}"));
        let Some(upgrade) = values(&rest, "upgrade").first().copied() else {
            let origin = "Access-Control-Allow-Origin: *";
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{origin}\r\n\r\nOK");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            continue;
        };
        let accept = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            WEBSOCKET.1
        );
        let _ = stream.write_all(accept.as_bytes()).await;
        let (mut from, mut to) = tokio::io::split(stream);
        let _ = tokio::io::copy(&mut from, &mut to).await;
        return;
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}
