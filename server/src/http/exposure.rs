//! Whether keys and passwords may travel where others can read them.

use std::net::SocketAddr;

use url::{Host, Url};

/// Says at start that nothing encrypts what others send here. That may be right in a network
/// of one's own, so it is no error.
pub fn warn_of_plain_http(bound: SocketAddr, public_url: &Url) {
    if is_plain_and_reachable(bound, public_url) {
        tracing::warn!(
            %bound, public_url = public_url.as_str(),
            "keys and passwords arrive unencrypted: put a proxy that terminates TLS in front and \
             set KEYWARD_PUBLIC_URL to its https address"
        );
    }
}

/// Whether others reach this server, and nothing encrypts what they send.
pub fn is_plain_and_reachable(bound: SocketAddr, public_url: &Url) -> bool {
    let is_local = match public_url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    public_url.scheme() == "http" && !(is_local && bound.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_warned_about_where_others_reach_it() {
        for (bound, url, is_warned_about) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080", false),
            ("[::1]:8080", "http://localhost:8080", false),
            ("[::ffff:127.0.0.1]:80", "http://[::ffff:127.0.0.1]", false),
            ("0.0.0.0:8080", "https://keys.example", false),
            ("127.0.0.1:8080", "https://keys.example", false),
            ("0.0.0.0:8080", "http://0.0.0.0:8080", true),
            ("[::]:8080", "http://localhost:8080", true),
            ("192.0.2.1:8080", "http://192.0.2.1:8080", true),
            ("127.0.0.1:8080", "http://keys.example", true),
        ] {
            let is_told = is_plain_and_reachable(bound.parse().unwrap(), &Url::parse(url).unwrap());
            assert_eq!(is_told, is_warned_about, "{bound} {url}");
        }
    }
}
