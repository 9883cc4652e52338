//! An HTTP/1.1 client that does as little as possible, so that it is never the limit.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const OK: &[u8] = b"HTTP/1.1 200 ";

/// Connections that are kept alive; each sends its one request again and again.
pub struct Client(Vec<Connection>);

struct Connection {
    stream: TcpStream,
    request: String,
    /// Has the length of a whole response, which is the same every time.
    response: Vec<u8>,
}

impl Client {
    /// One connection for each request; each is tried once, to learn the response's length.
    pub async fn connect(
        address: SocketAddr,
        requests: impl Iterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut connections = Vec::new();
        for request in requests {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            stream.write_all(request.as_bytes()).await?;
            let response = read_first(&mut stream).await?;
            connections.push(Connection { stream, request, response });
        }
        Ok(Self(connections))
    }

    /// Sends on all connections, each request as soon as the last answer is whole, until
    /// `time` is over; the nanoseconds of each.
    pub async fn run(&mut self, time: Duration) -> Result<Vec<u32>, Box<dyn Error>> {
        let end = Instant::now() + time;
        let mut running: JoinSet<_> =
            self.0.drain(..).map(|connection| connection.run(end)).collect();
        let mut all = Vec::new();
        while let Some(done) = running.join_next().await {
            let (connection, nanos) = done??;
            self.0.push(connection);
            all.extend(nanos);
        }
        Ok(all)
    }
}

impl Connection {
    async fn run(mut self, end: Instant) -> std::io::Result<(Self, Vec<u32>)> {
        let mut nanos = Vec::with_capacity(4096);
        let mut sent = Instant::now();
        while sent < end {
            self.stream.write_all(self.request.as_bytes()).await?;
            self.stream.read_exact(&mut self.response).await?;
            if !self.response.starts_with(OK) {
                return Err(std::io::Error::other("an answer other than 200"));
            }
            let received = Instant::now();
            nanos.push(u32::try_from((received - sent).as_nanos()).unwrap_or(u32::MAX));
            sent = received;
        }
        Ok((self, nanos))
    }
}

/// Reads until the body is as long as `content-length` says.
async fn read_first(stream: &mut TcpStream) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut response = Vec::new();
    loop {
        if stream.read_buf(&mut response).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let text = std::str::from_utf8(&response)?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if !response.starts_with(OK) {
            return Err(format!("the first answer was {head}").into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.ok_or("no content-length")?.parse::<usize>()? {
            return Ok(response);
        }
    }
}
