//! From where a key is accepted. Pure.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};
use keyward_api::FieldError;

/// A key may be narrowed to at most this many networks.
pub const MAX: usize = 32;

/// Reads networks as a person or program gives them: an address, or a network in CIDR
/// notation whose host bits do not matter. Each is kept once.
pub fn parse(texts: &[String]) -> Result<Vec<IpNet>, Vec<FieldError>> {
    if texts.len() > MAX {
        let message = format!("A key may have at most {MAX} networks");
        return Err(vec![FieldError { field: "allowedNetworks".to_owned(), message }]);
    }
    let (mut networks, mut errors) = (Vec::new(), Vec::new());
    for (n, text) in texts.iter().enumerate() {
        match parse_one(text.trim()) {
            Some(network) if networks.contains(&network) => (),
            Some(network) => networks.push(network),
            None => errors.push(FieldError {
                field: format!("allowedNetworks[{n}]"),
                message: "Expected a network like 10.0.0.0/8 or an address".to_owned(),
            }),
        }
    }
    if errors.is_empty() { Ok(networks) } else { Err(errors) }
}

fn parse_one(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(address)?;
    Some(canonical(network).trunc())
}

/// IPv4 inside IPv6 is IPv4, as the addresses are that it is compared with.
pub fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    let v4 = v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    v4.map_or(network, IpNet::V4)
}

/// `10.0.0.0/8`, or the address alone when the network is one.
pub fn to_text(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// Whether the address is in one of them, or there are none.
pub fn allow(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    networks.is_empty()
        || address.is_some_and(|address| {
            let address = address.to_canonical();
            networks.iter().any(|network| network.contains(&address))
        })
}

/// Whether all that `inner` allows is allowed by `outer` as well. Networks that only together hold
/// one of `inner` do not count.
pub fn within(outer: &[IpNet], inner: &[IpNet]) -> bool {
    let is_inside = |network: &IpNet| outer.iter().any(|outer| outer.contains(network));
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(is_inside))
}

/// What attempts are counted by: an IPv4 address, or an IPv6 /64, since a subscriber has a whole
/// one to send from.
pub fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<String>, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let networks = parse(&texts).map_err(|errors| errors[0].field.clone())?;
        Ok(networks.iter().map(to_text).collect())
    }

    #[test]
    fn networks_and_addresses_are_read_and_each_kept_once() {
        let texts =
            ["10.1.2.3/8", " 192.0.2.1 ", "2001:db8::1/32", "::1", "10.0.0.0/8", "0.0.0.0/0"];
        let expected = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0"];
        assert_eq!(read(&texts).unwrap(), expected);
        assert_eq!(
            read(&["::ffff:10.0.0.0/104", "::ffff:192.0.2.1"]).unwrap(),
            ["10.0.0.0/8", "192.0.2.1"]
        );
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "host",
            "10.0.0.1:80",
            "[::1]",
            "fe80::1%eth0",
            "1.2.3.4/-1",
            "10.0.0.0/08x",
            "\0",
        ] {
            assert_eq!(read(&["::1", text]), Err("allowedNetworks[1]".to_owned()), "{text:?}");
        }
        assert_eq!(read(&["::1"; MAX]).unwrap(), ["::1"]);
        assert_eq!(read(&["::1"; MAX + 1]), Err("allowedNetworks".to_owned()));
    }

    #[test]
    fn networks_within_others_allow_no_address_more() {
        let read = |texts: &[&str]| {
            parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
        };
        for (outer, inner) in [
            (&[][..], &[][..]),
            (&[], &["10.0.0.0/8"]),
            (&["10.0.0.0/8"], &["10.0.0.0/8"]),
            (&["10.0.0.0/8", "::1"], &["10.1.0.0/16", "10.2.3.4", "::1"]),
            (&["0.0.0.0/0"], &["::ffff:192.0.2.1"]),
        ] {
            assert!(within(&read(outer), &read(inner)), "{outer:?} {inner:?}");
        }
        for (outer, inner) in [
            (&["10.0.0.0/8"][..], &[][..]),
            (&["10.0.0.0/8"], &["0.0.0.0/0"]),
            (&["10.0.0.0/8"], &["10.1.0.0/16", "11.0.0.1"]),
            (&["0.0.0.0/0"], &["::1"]),
            (&["::/0"], &["10.0.0.1"]),
        ] {
            assert!(!within(&read(outer), &read(inner)), "{outer:?} {inner:?}");
        }
    }

    #[test]
    fn an_address_is_allowed_in_a_network_or_when_there_is_none() {
        let ip = |text: &str| Some(text.parse().unwrap());
        let networks = parse(&["10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned()]).unwrap();
        for address in ["10.255.0.1", "::ffff:10.0.0.1", "2001:db8:1::1"] {
            assert!(allow(&networks, ip(address)), "{address}");
        }
        for address in ["11.0.0.1", "::1", "2001:db9::1"] {
            assert!(!allow(&networks, ip(address)), "{address}");
        }
        assert!(!allow(&networks, None) && allow(&[], None));
    }
}
