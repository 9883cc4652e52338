//! What a key looks like and how it is hashed. Pure: no HTTP, no database.
//!
//! `kw_`, then base64url without padding of 36 bytes: 32 random ones and the big-endian
//! CRC-32 (IEEE) of them. 51 characters. The checksum tells a typo from a key offline;
//! it is no secret and decides nothing: what is looked up is the SHA-256 of the text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryCryptoRng;
use zeroize::Zeroizing;

use crate::digest::KeyDigest;

const PREFIX: &str = "kw_";
const RANDOM_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;
/// How much of a key is kept in the clear, for a person to recognise it by.
const DISPLAY_CHARS: usize = 8;

/// A key that was just made and is shown once. Not printable, not comparable.
pub struct PlainKey(Zeroizing<String>);

impl PlainKey {
    /// A new key from `rng`, which outside tests is the operating system's.
    pub fn generate<R: TryCryptoRng>(rng: &mut R) -> Result<Self, R::Error> {
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES + CHECKSUM_BYTES]);
        let (random, checksum) = bytes.split_at_mut(RANDOM_BYTES);
        rng.try_fill_bytes(random)?;
        checksum.copy_from_slice(&crc32fast::hash(random).to_be_bytes());
        let mut text = Zeroizing::new(String::with_capacity(51));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        Ok(Self(text))
    }

    /// The text itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first characters, kept and shown in the list.
    pub fn display_prefix(&self) -> &str {
        &self.0[..DISPLAY_CHARS]
    }

    /// What is stored instead of the key.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(&self.0)
    }
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainKey([redacted])")
    }
}

/// What the form of a refused text says about it, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A whole key: it was revoked, or made by another installation.
    Intact,
    /// Begins like a key, but is cut off or mistyped.
    Damaged,
    /// Not one of ours.
    Foreign,
}

/// Tells the three apart without looking anything up.
pub fn shape(presented: &str) -> Shape {
    let Some(body) = presented.strip_prefix(PREFIX) else { return Shape::Foreign };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(body).map(Zeroizing::new) else { return Shape::Damaged };
    if bytes.len() != RANDOM_BYTES + CHECKSUM_BYTES {
        return Shape::Damaged;
    }
    let (random, checksum) = bytes.split_at(RANDOM_BYTES);
    if crc32fast::hash(random).to_be_bytes() == checksum { Shape::Intact } else { Shape::Damaged }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn key(seed: u64) -> PlainKey {
        PlainKey::generate(&mut StdRng::seed_from_u64(seed)).unwrap()
    }

    #[test]
    fn a_key_is_51_characters_and_intact() {
        let key = key(1);
        assert_eq!(key.expose().len(), 51);
        assert_eq!(shape(key.expose()), Shape::Intact);
        assert_eq!(key.display_prefix(), &key.expose()[..8]);
    }

    #[test]
    fn two_keys_differ() {
        assert_ne!(key(1).expose(), key(2).expose());
    }

    #[test]
    fn the_checksum_is_the_big_endian_crc32_of_the_random_part() {
        // CRC-32/IEEE of 32 zero bytes is 0x190A55AD.
        let body = [[0u8; 32].as_slice(), &[0x19, 0x0a, 0x55, 0xad]].concat();
        let text = format!("kw_{}", URL_SAFE_NO_PAD.encode(body));
        assert_eq!(shape(&text), Shape::Intact);
    }

    #[test]
    fn debug_shows_nothing() {
        let key = key(1);
        let printed = format!("{key:?} {:?}", key.digest());
        assert_eq!(printed, "PlainKey([redacted]) KeyDigest([redacted])");
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_seen(seed: u64, at in 3usize..51, with in "[A-Za-z0-9_-]") {
            let key = key(seed);
            let mut text = key.expose().to_owned();
            text.replace_range(at..=at, &with);
            let expected = if text == key.expose() { Shape::Intact } else { Shape::Damaged };
            prop_assert_eq!(shape(&text), expected);
        }

        #[test]
        fn no_text_is_too_strange(text: String) {
            shape(&text);
            shape(&format!("kw_{text}"));
        }
    }
}
