//! Who a request comes from, for the audit log and for limits.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use http::HeaderName;
use http::request::Parts;

use crate::audit::Origin;
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;

/// The name that a proxy, or the server, gives to a request.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl<S: Send + Sync> FromRequestParts<S> for Origin
where
    TrustedProxies: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let request_id = parts.headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
        Ok(Self { request_id: request_id.map(str::to_owned), address })
    }
}

/// Where a request comes from, by the rules of [`client_address`].
///
/// [`client_address`]: crate::http::client_address::client_address
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress
where
    TrustedProxies: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) =
            peer.ok_or_else(|| Error::Internal("served without connect info".into()))?;
        let proxies = TrustedProxies::from_ref(state);
        Ok(Self(proxies.client_address(peer.ip(), &parts.headers)))
    }
}
