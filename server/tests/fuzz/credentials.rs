//! Headers, keys, scopes, networks, root keys.

use std::net::IpAddr;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use keyward::access::presented::{Accepts, MAX_BYTES, X_API_KEY, presented};
use keyward::http::client_address::client_address;
use keyward_api::scopes::{Scope, grants};
use keyward_core::digest::KeyDigest;
use keyward_core::kek::RootKey;
use keyward_core::networks;
use keyward_core::token::{Shape, shape};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bytes::{nearly, nearly_text};

const KEY: &str = "kw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-RJn6K";

const PRESENTED: &[&str] =
    &[KEY, "Bearer kw_abc", "ApiKey kw_abc", "Basic dXNlcjprd19hYmM=", "Digest username=\"a\"", ""];

const SCOPES: &[&str] = &[
    "orders:write",
    "secrets:read",
    "secrets:read:GITHUB_*",
    "secrets:write:*",
    "providers:resolve:openai",
    "keys:verify",
    "a:*:b",
    "orders:*",
];

const NETWORKS: &[&str] =
    &["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:10.0.0.0/104", "::1", "0.0.0.0/0"];

const FORWARDED: &[&str] =
    &["192.0.2.7", "192.0.2.7, 10.0.0.1", "[2001:db8::1]:443", "unknown", "::ffff:192.0.2.7"];

fn headers(name: HeaderName, values: &[Vec<u8>]) -> HeaderMap {
    // What cannot be a header does not come through the HTTP library.
    let values = values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok());
    values.map(|value| (name.clone(), value)).collect()
}

proptest! {
    #[test]
    fn a_presented_key_is_one_visible_text(
        own in vec(nearly(PRESENTED), 0..3),
        other in vec(nearly(PRESENTED), 0..3),
        bearer: bool,
        basic: bool,
    ) {
        let mut all = headers(X_API_KEY, &own);
        all.extend(headers(AUTHORIZATION, &other));
        if let Ok(key) = presented(&all, Accepts { bearer, basic }) {
            prop_assert!(!key.is_empty() && key.len() <= MAX_BYTES);
            prop_assert!(key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','), "{:?}", &*key);
        }
    }

    #[test]
    fn an_address_comes_from_trusted_proxies_alone(
        forwarded in vec(nearly(FORWARDED), 0..3),
        peer: IpAddr,
    ) {
        let headers = headers(HeaderName::from_static("x-forwarded-for"), &forwarded);
        prop_assert_eq!(client_address(peer, &headers, &[]), Some(peer.to_canonical()));
        let trusted = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        client_address(peer, &headers, &trusted);
    }

    #[test]
    fn a_text_has_one_digest_and_one_shape(text in nearly_text(&[KEY])) {
        let digest = KeyDigest::of(&text);
        prop_assert_eq!(KeyDigest::from_hex(&digest.to_hex()), Some(digest));
        // The checksum is of 32 bits: no change of a few characters keeps it.
        prop_assert_eq!(shape(&text) == Shape::Intact, text == KEY);
    }

    #[test]
    fn a_digest_has_one_text(text in nearly_text(&[
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ])) {
        if let Some(digest) = KeyDigest::from_hex(&text) {
            prop_assert_eq!(digest.to_hex(), text.to_ascii_lowercase());
        }
    }

    #[test]
    fn a_scope_that_is_taken_is_taken_again_and_grants_itself(text in nearly_text(SCOPES)) {
        if let Ok(scope) = Scope::new(text.clone()) {
            prop_assert_eq!(scope.as_str(), &text);
            prop_assert_eq!(Scope::try_from(text.clone()), Ok(scope));
            prop_assert!(grants(&text, &text));
            prop_assert!(!grants("orders:read", &text) || text == "orders:read");
        }
    }

    #[test]
    fn a_network_is_the_same_when_it_is_read_again(
        text in nearly_text(NETWORKS),
        address: IpAddr,
    ) {
        if let Ok(read) = networks::parse(&[text]) {
            let texts: Vec<_> = read.iter().map(networks::to_text).collect();
            prop_assert_eq!(networks::parse(&texts).unwrap(), read.clone());
            networks::allow(&read, Some(address));
            prop_assert!(!networks::allow(&read, None));
        }
    }

    #[test]
    fn a_root_key_is_32_bytes_or_refused(text in nearly_text(&[
        "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=",
        "abcdef1234567890ba98765432100fedcba9876543210fedc8977563210fedcb",
    ])) {
        if let Ok(key) = RootKey::parse(&text) {
            prop_assert!(key.equals_text(&key.to_base64()));
        }
    }
}
