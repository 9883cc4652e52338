//! A server on a port that the kernel chooses.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Serves what `build` makes of the address, as `serve::serve` does it.
pub async fn listen(
    build: impl AsyncFnOnce(SocketAddr) -> Result<Router, Box<dyn Error>>,
) -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let service = build(address).await?.into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(async { axum::serve(listener, service).await });
    Ok(address)
}
