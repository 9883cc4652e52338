//! A line to PostgreSQL that can be blocked: nothing is closed, and nothing goes through.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Valve {
    pub address: SocketAddr,
    is_open: watch::Sender<bool>,
    target: Arc<Mutex<String>>,
}

impl Valve {
    /// An open one before this server, as `HOST:PORT`.
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_open, opened) = watch::channel(true);
        let target = Arc::new(Mutex::new(target.to_owned()));
        let shared = target.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target = shared.lock().unwrap().clone();
                // One that is away is a connection that ends at once.
                let Ok(server) = TcpStream::connect(target).await else { continue };
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(relay(from_client, to_server, opened.clone()));
                tokio::spawn(relay(from_server, to_client, opened.clone()));
            }
        });
        Self { address, is_open, target }
    }

    pub fn block(&self) {
        self.is_open.send_replace(false);
    }

    /// What was held up goes on.
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// New connections go there.
    pub fn lead_to(&self, target: &str) {
        target.clone_into(&mut self.target.lock().unwrap());
    }
}

async fn relay(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut is_open: watch::Receiver<bool>,
) {
    let mut part = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut part).await {
        if is_open.wait_for(|open| *open).await.is_err()
            || to.write_all(&part[..length]).await.is_err()
        {
            return;
        }
    }
}
