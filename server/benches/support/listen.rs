//! A server on a port that the kernel chooses.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use keyward::http::connections::{self, Limits};
use keyward::http::service::MakeService;
use tokio::net::TcpListener;

/// Serves what `build` makes of the address, as `serve::serve` does it.
pub async fn listen(
    build: impl AsyncFnOnce(SocketAddr) -> Result<MakeService, Box<dyn Error>>,
) -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let service = build(address).await?;
    let (limits, never) = (Limits::for_files(u64::MAX), std::future::pending());
    tokio::spawn(connections::serve(listener, service, limits, never));
    Ok(address)
}
