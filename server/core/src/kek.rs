//! The root key (key encryption key): 32 bytes from the operator, dedicated to this one
//! use. There is no fallback; what is not plainly a random key is refused.
//!
//! Nothing is encrypted with its bytes but values of the older layout. What wraps data keys
//! is derived from it, and so is the short name that distinguishes a wrong root key from
//! tampering.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryCryptoRng;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::dek::Dek;

const BYTES: usize = 32;

/// HKDF's info of the key that wraps data keys.
const WRAP: &[u8] = b"keyward/kek-wrap/v1";

/// HKDF's info of the key that signs the cookies of known browsers.
const KNOWN_BROWSERS: &[u8] = b"keyward/known-browsers/v1";

/// HKDF's info of the key that seals what a browser carries through single sign-on.
const SSO_FLOW: &[u8] = b"keyward/sso-flow/v1";

/// HKDF's info of the key of the macs of backups.
const BACKUP: &[u8] = b"keyward/backup/v1";

/// HKDF's info of the key of the macs of watermarks.
const WATERMARK: &[u8] = b"keyward/watermark/v1";

/// What the name of a root key is the HMAC of.
const NAME: &[u8] = b"keyward/kek-id/v1";

/// Both alphabets are taken, with or without padding: a key is not the place to be fussy.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Why a text is not a root key. `Display` completes "`SECRETS_ENCRYPTION_KEY` ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyError {
    /// Neither base64 nor hex of 32 bytes.
    #[error("is not a key: expected 32 random bytes as base64 (44 characters) or 64 hex digits")]
    Malformed,
    /// All bytes are the same.
    #[error("is not random: all its bytes are equal")]
    AllEqual,
    /// Typed text, or a pattern.
    #[error("is a placeholder, not random bytes")]
    Placeholder,
}

/// The root key. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct RootKey(Zeroizing<[u8; BYTES]>);

impl RootKey {
    /// A new key from `rng`, which outside tests is the operating system's.
    pub fn generate<R: TryCryptoRng>(rng: &mut R) -> Result<Self, R::Error> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        rng.try_fill_bytes(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a key as an operator gives it; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, RootKeyError> {
        let bytes = decode(text.trim()).ok_or(RootKeyError::Malformed)?;
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(RootKeyError::AllEqual);
        }
        if looks_typed(&bytes) || has_pattern(&bytes) {
            return Err(RootKeyError::Placeholder);
        }
        Ok(Self(bytes))
    }

    /// As base64, to be handed to the operator.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    /// Its name: 16 hex digits that say which root key it is and nothing of what it is.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "HMAC takes any key")]
    pub fn id(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any length");
        mac.update(NAME);
        hex::encode(&mac.finalize().into_bytes()[..8])
    }

    /// The key that wraps data keys.
    pub fn wrapping_key(&self) -> Dek {
        self.derive(WRAP).into()
    }

    /// The key of the macs by which known browsers are recognised.
    pub fn known_browsers_key(&self) -> Zeroizing<[u8; BYTES]> {
        self.derive(KNOWN_BROWSERS)
    }

    /// The key that seals what a browser carries through single sign-on.
    pub fn sso_flow_key(&self) -> Zeroizing<[u8; BYTES]> {
        self.derive(SSO_FLOW)
    }

    /// The key of the macs by which backups are known to be ours.
    pub fn backup_key(&self) -> Zeroizing<[u8; BYTES]> {
        self.derive(BACKUP)
    }

    /// The key of the macs by which the lines of a watermark are known to be ours.
    pub fn watermark_key(&self) -> Zeroizing<[u8; BYTES]> {
        self.derive(WATERMARK)
    }

    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes")]
    fn derive(&self, info: &[u8]) -> Zeroizing<[u8; BYTES]> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        Hkdf::<Sha256>::new(None, &*self.0).expand(info, &mut *bytes).expect("32 bytes");
        bytes
    }

    /// The bytes themselves, which seal values of the older layout and nothing else.
    pub(crate) fn legacy_key(&self) -> Dek {
        self.0.clone().into()
    }

    /// Whether `other` is this key, as text or as the bytes it stands for.
    pub fn equals_text(&self, other: &str) -> bool {
        decode(other.trim()).is_some_and(|bytes| self.0.ct_eq(&*bytes).into())
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey([redacted])")
    }
}

/// The root keys the operator gave.
#[derive(Clone, Debug)]
pub struct RootKeys {
    /// What wraps from now on.
    pub current: RootKey,
    /// What wrapped until now, during a change of the root key.
    pub previous: Option<RootKey>,
}

impl RootKeys {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &RootKey> {
        [&self.current].into_iter().chain(&self.previous)
    }
}

fn decode(text: &str) -> Option<Zeroizing<[u8; BYTES]>> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    if text.len() == 2 * BYTES {
        // 64 base64 characters would be 48 bytes, so the two forms cannot be confused.
        hex::decode_to_slice(text, &mut *bytes).ok()?;
        return Some(bytes);
    }
    let decoded =
        STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).map(Zeroizing::new).ok()?;
    let array: &[u8; BYTES] = decoded.as_slice().try_into().ok()?;
    bytes.copy_from_slice(array);
    Some(bytes)
}

/// 32 random bytes are all printable ASCII once in 10^13 times.
fn looks_typed(bytes: &[u8; BYTES]) -> bool {
    bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Counting up or down in equal steps, or a part of at most half its length repeated.
fn has_pattern(bytes: &[u8; BYTES]) -> bool {
    let step = bytes[1].wrapping_sub(bytes[0]);
    let counts = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    let repeats = (1..=BYTES / 2).any(|period| bytes[period..] == bytes[..BYTES - period]);
    counts || repeats
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn refusal(text: &str) -> RootKeyError {
        RootKey::parse(text).unwrap_err()
    }

    #[test]
    fn base64_and_hex_of_32_random_bytes_are_keys() {
        let key = RootKey::generate(&mut StdRng::seed_from_u64(1)).unwrap();
        let base64 = key.to_base64();
        for text in [
            base64.to_string(),
            format!(" {}\n", *base64),
            base64.trim_end_matches('=').to_owned(),
            base64.replace('+', "-").replace('/', "_"),
            hex::encode(*key.0),
            hex::encode_upper(*key.0),
        ] {
            assert!(RootKey::parse(&text).unwrap().equals_text(&base64), "{text}");
        }
    }

    #[test]
    fn other_lengths_and_other_texts_are_malformed() {
        for text in ["", "short", "changeme", &"a".repeat(63), &"g".repeat(64), &"ä".repeat(32)] {
            assert_eq!(refusal(text), RootKeyError::Malformed, "{text}");
        }
        assert_eq!(refusal(&STANDARD.encode([7_u8; 31])), RootKeyError::Malformed);
        assert_eq!(refusal(&STANDARD.encode([7_u8; 33])), RootKeyError::Malformed);
    }

    #[test]
    fn equal_bytes_are_refused() {
        assert_eq!(refusal(&"00".repeat(32)), RootKeyError::AllEqual);
        assert_eq!(refusal(&"ff".repeat(32)), RootKeyError::AllEqual);
        assert_eq!(refusal(&STANDARD.encode([b'x'; 32])), RootKeyError::AllEqual);
    }

    #[test]
    fn known_placeholders_are_refused() {
        let counting: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        for text in [
            hex::encode(counting),
            "0123456789abcdef".repeat(4),
            "deadbeef".repeat(8),
            STANDARD.encode(b"0123456789abcdef0123456789abcdef"),
            STANDARD.encode(b"change-me-change-me-change-me-32"),
            STANDARD.encode(b"this-is-an-example-key-32-bytes!"),
        ] {
            assert_eq!(refusal(&text), RootKeyError::Placeholder, "{text}");
        }
    }

    #[test]
    fn the_name_repeats_and_differs_from_key_to_key() {
        let key = |seed| RootKey::generate(&mut StdRng::seed_from_u64(seed)).unwrap();
        assert_eq!(key(1).id(), key(1).id());
        assert_ne!(key(1).id(), key(2).id());
        assert_eq!(key(1).id().len(), 16);
    }

    #[test]
    fn debug_shows_nothing() {
        let key = RootKey::generate(&mut StdRng::seed_from_u64(1)).unwrap();
        assert_eq!(format!("{key:?}"), "RootKey([redacted])");
    }

    proptest! {
        #[test]
        fn random_keys_are_never_taken_for_placeholders(seed: u64) {
            let key = RootKey::generate(&mut StdRng::seed_from_u64(seed)).unwrap();
            prop_assert!(RootKey::parse(&key.to_base64()).is_ok());
        }

        #[test]
        fn no_text_is_too_strange(text: String) {
            let _ = RootKey::parse(&text);
        }
    }
}
