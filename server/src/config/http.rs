//! The network: where to listen, who is believed, how forward auth answers.

use std::net::{IpAddr, SocketAddr};

use http::StatusCode;
use ipnet::IpNet;
use keyward_core::networks;
use url::Url;

use super::source::{ConfigError, Environment, Flags};
use super::values::{list, switch, variable};
use crate::access::presented::Accepts;
use crate::keys::forward_auth::ForwardAuthConfig;

const BIND: &str = "KEYWARD_BIND";
const METRICS_BIND: &str = "KEYWARD_METRICS_BIND";
const PUBLIC_URL: &str = "KEYWARD_PUBLIC_URL";
const TRUSTED_PROXIES: &str = "KEYWARD_TRUSTED_PROXIES";
pub(super) const BEARER: &str = "KEYWARD_BEARER";
pub(super) const BASIC: &str = "KEYWARD_BASIC";
pub(super) const THROTTLE_STATUS: &str = "KEYWARD_THROTTLE_STATUS";

/// How people and programs reach the server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where to listen; port 0 lets the kernel choose.
    pub bind: SocketAddr,
    /// Where `/metrics` is instead of there.
    pub metrics_bind: Option<SocketAddr>,
    /// The address people use; absent: `http://` and what was bound.
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub forward_auth: ForwardAuthConfig,
}

impl HttpConfig {
    pub(super) fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let bind = flags.bind.clone().or_else(|| variable(env, BIND));
        let bind = parse_address(BIND, bind.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let metrics_bind = variable(env, METRICS_BIND);
        let metrics_bind =
            metrics_bind.as_deref().map(|text| parse_address(METRICS_BIND, text)).transpose()?;
        let public_url = flags.public_url.clone().or_else(|| variable(env, PUBLIC_URL));
        let public_url = public_url.as_deref().map(parse_public_url).transpose()?;
        let proxies = variable(env, TRUSTED_PROXIES).unwrap_or_default();
        let trusted_proxies = list(&proxies).map(parse_network).collect::<Result<_, _>>()?;
        let forward_auth = ForwardAuthConfig {
            accepts: Accepts {
                bearer: switch(env, BEARER, true)?,
                basic: switch(env, BASIC, false)?,
            },
            throttle_status: parse_throttle_status(variable(env, THROTTLE_STATUS).as_deref())?,
        };
        Ok(Self { bind, metrics_bind, public_url, trusted_proxies, forward_auth })
    }
}

fn parse_public_url(text: &str) -> Result<Url, ConfigError> {
    let wrong = || {
        let expected = "is no address: expected http(s)://HOST[:PORT] without path or query";
        ConfigError::new(PUBLIC_URL, expected)
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if fits { Ok(url) } else { Err(wrong()) }
}

fn parse_address(name: &str, text: &str) -> Result<SocketAddr, ConfigError> {
    let problem = "is no address: expected IP:PORT, e.g. 127.0.0.1:8080";
    text.parse().map_err(|_| ConfigError::new(name, problem))
}

/// Only what forward auth may answer at all.
fn parse_throttle_status(text: Option<&str>) -> Result<StatusCode, ConfigError> {
    match text {
        None | Some("429") => Ok(StatusCode::TOO_MANY_REQUESTS),
        Some("401") => Ok(StatusCode::UNAUTHORIZED),
        Some("403") => Ok(StatusCode::FORBIDDEN),
        Some("503") => Ok(StatusCode::SERVICE_UNAVAILABLE),
        Some(_) => {
            Err(ConfigError::new(THROTTLE_STATUS, "is wrong: expected 401, 403, 429 or 503"))
        }
    }
}

fn parse_network(text: &str) -> Result<IpNet, ConfigError> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| address()).map(networks::canonical).map_err(|_| {
        ConfigError::new(TRUSTED_PROXIES, "is no list of networks, e.g. 10.0.0.0/8,::1")
    })
}
