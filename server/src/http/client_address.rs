//! Whose address a request has. Pure.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use http::HeaderMap;
use ipnet::IpNet;

/// Proxies whose `X-Forwarded-For` and `X-Request-Id` are believed. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl From<Vec<IpNet>> for TrustedProxies {
    fn from(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }
}

impl TrustedProxies {
    /// Whether what this peer says of others is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        is_trusted(peer, &self.0)
    }

    /// Whose address a request has; see [`client_address`].
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        client_address(peer, headers, &self.0)
    }
}

fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
}

/// Whose address a request has, or none:
///
/// 1. A peer that is no trusted proxy is the client, whatever its headers say.
/// 2. A trusted proxy that sends no `X-Forwarded-For` speaks for itself: a health check, or a
///    program on the same machine. A proxy that serves clients must send the header.
/// 3. The header is read from the right, several as one list, since a client can put anything
///    on the left. The first hop that is no trusted proxy is the client.
/// 4. A hop that must be read and cannot be (empty, `unknown`, obfuscated, with a zone) leaves
///    the request without an address. It is not the proxy's: that may be one that opens keys.
/// 5. When all hops are trusted proxies, the client is the leftmost of them.
///
/// `Forwarded` (RFC 7239) and `X-Real-IP` are not read: a proxy that does not know a header
/// passes on what the client put there.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut client = peer.to_canonical();
    // Requests mostly come straight from a client: nothing is read then.
    if !is_trusted(client, trusted) {
        return Some(client);
    }
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        // As bytes: what a client put on the left may be anything.
        for hop in value.as_bytes().rsplit(|byte| *byte == b',') {
            client = parse_hop(hop.trim_ascii())?.to_canonical();
            if !is_trusted(client, trusted) {
                return Some(client);
            }
        }
    }
    Some(client)
}

/// An address, alone or with a port; IPv6 with a port is in brackets. A zone is a name that
/// only the proxy knows.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok().filter(|hop| !hop.contains('%'))?;
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse().ok().or_else(with_port).or_else(|| in_brackets().map(IpAddr::V6))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn address(peer: &str, forwarded: &[&[u8]]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
        }
        let address = client_address(peer.parse().unwrap(), &headers, &trusted);
        address.map_or_else(|| "none".to_owned(), |address| address.to_string())
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        assert_eq!(address("192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &[b"unknown"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("::ffff:10.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &[b"::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn the_nearest_untrusted_hop_counts_and_the_rest_may_be_forged() {
        assert_eq!(address("10.0.0.1", &[b"1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &[b"1.1.1.1", b"198.51.100.1"]), "198.51.100.1");
        for forged in [&b"unknown"[..], b"", b"\xff", b"10.0.0.9", b"_hidden", b"1.1.1.1"] {
            let list = [forged, b", 198.51.100.1"].concat();
            assert_eq!(address("10.0.0.1", &[&list]), "198.51.100.1", "{forged:?}");
            assert_eq!(address("10.0.0.1", &[forged, b"198.51.100.1"]), "198.51.100.1");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_address_and_never_the_proxys() {
        for odd in [
            &b""[..],
            b" ",
            b",",
            b"unknown",
            b"_hidden",
            b"a.b",
            b"\xff",
            b"198.51.100.1,",
            b"198.51.100.1, unknown",
            b"198.51.100.1, unknown, 10.0.0.2",
            b"198.51.100.1:99999",
            b"198.51.100",
            b"198.51.100.010",
            b"[198.51.100.1]",
            b"[[198.51.100.1]]",
            b"[2001:db8::1",
            b"2001:db8::1]",
            b"\"[2001:db8::1]\"",
            b"for=198.51.100.1",
            b"fe80::1%eth0",
            b"fe80::1%1",
            b"[fe80::1%1]:4711",
            b"unix:",
        ] {
            assert_eq!(address("10.0.0.1", &[odd]), "none", "{}", String::from_utf8_lossy(odd));
            assert_eq!(address("10.0.0.1", &[b"198.51.100.1", odd]), "none");
        }
    }

    #[test]
    fn a_proxy_that_speaks_for_itself_or_for_another_one_is_the_client() {
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("::ffff:10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(address("10.0.0.1", &[b"fd00::3", b"10.0.0.2"]), "fd00::3");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        assert_eq!(address("10.0.0.1", &[b"198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(address("fd00::1", &[b"[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(address("fd00::1", &[b"[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(address("fd00::1", &[b"\t2001:db8::1 "]), "2001:db8::1");
    }
}
