//! A data key (data encryption key): 32 random bytes, at rest only ever wrapped.

use std::fmt;

use rand::TryCryptoRng;
use zeroize::Zeroizing;

/// `Debug` shows nothing of it, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Dek(Zeroizing<[u8; Self::BYTES]>);

impl Dek {
    /// Its length.
    pub const BYTES: usize = 32;

    /// A new key from `rng`, which outside tests is the operating system's.
    pub fn generate<R: TryCryptoRng>(rng: &mut R) -> Result<Self, R::Error> {
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        rng.try_fill_bytes(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// The key in `bytes`, if that is as long as a key.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; Self::BYTES]);
        let given: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        key.copy_from_slice(given);
        Some(Self(key))
    }

    /// The key itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl From<Zeroizing<[u8; Self::BYTES]>> for Dek {
    fn from(bytes: Zeroizing<[u8; Self::BYTES]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Dek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dek([redacted])")
    }
}
