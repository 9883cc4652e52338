//! A request that takes its time.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::App;

/// A request whose body is sent in two parts.
pub struct SlowRequest {
    pub stream: TcpStream,
    rest: String,
}

impl SlowRequest {
    pub async fn begin(app: &App, request: &str, credential: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        let head = format!(
            "{request} HTTP/1.1\r\nhost: {}\r\n{credential}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            app.address,
            body.len()
        );
        let (first, rest) = body.split_at(5);
        stream.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
        // Long enough for whatever would look at the headers alone.
        tokio::time::sleep(Duration::from_millis(300)).await;
        Self { stream, rest: rest.to_owned() }
    }

    pub async fn end(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}
