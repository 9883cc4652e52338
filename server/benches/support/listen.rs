//! A server on a port that the kernel chooses.

use std::convert::Infallible;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::Request;
use axum::response::Response;
use axum::serve::{IncomingStream, ListenerExt, TapIo};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

type Listener = TapIo<TcpListener, fn(&mut TcpStream)>;

/// Serves what `build` makes of the address, as `serve::serve` does it.
pub async fn listen<M, S>(
    build: impl AsyncFnOnce(SocketAddr) -> Result<M, Box<dyn Error>>,
) -> Result<SocketAddr, Box<dyn Error>>
where
    M: for<'a> Service<IncomingStream<'a, Listener>, Error = Infallible, Response = S>,
    M: Send + 'static,
    for<'a> <M as Service<IncomingStream<'a, Listener>>>::Future: Send,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let service = build(address).await?;
    let no_delay: fn(&mut TcpStream) = |stream| drop(stream.set_nodelay(true));
    let listener = listener.tap_io(no_delay);
    tokio::spawn(async { axum::serve(listener, service).await });
    Ok(address)
}
