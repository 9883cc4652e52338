//! Sealing and opening: the only module that calls a cipher. Pure.
//!
//! A sealed value:
//!
//! ```text
//! format 1 | salt 32 | commitment 32 | nonce 12 | AES-256-GCM ciphertext | tag 16
//! ```
//!
//! HKDF-SHA256 (RFC 5869) over the data key, with the salt and the info
//! `"keyward/seal/v2" | SHA-256(aad)`, gives 64 bytes: the first 32 encrypt, the last 32
//! are the commitment. The aad names the place of the value and what it is bound to, each part
//! after its length (32 bits, big-endian; 2^32 - 1 and no bytes where there is none): table,
//! column, id of the row, id of the data key, then the parts that the column lays down (see
//! the registry of sealed columns in the server). It is GCM's associated data as well.
//!
//! 1. A fresh salt makes a fresh key for each value, so a nonce is never used twice under
//!    one key, however many values there are (NIST SP 800-38D, 8.3).
//! 2. GCM alone does not commit to its key: a ciphertext can be made that opens under two.
//!    The commitment is compared, in constant time, before anything is opened.
//! 3. A ciphertext that is moved to another row, column or table, or said to be under
//!    another key, does not open; nor does one whose row was given another name, or another
//!    address that the value is sent to.
//! 4. The format (one byte) is 2. Format 1, of earlier versions, has 1 there and in the info,
//!    and its aad ends with the id of the data key. It is opened and no longer made; a value of
//!    one format does not open as the other.

use aes_gcm::AesGcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::{U12, U16};
use hkdf::Hkdf;
use rand::TryCryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::dek::Dek;

/// The cipher.
pub(crate) type Gcm = AesGcm<Aes256, U12>;

/// The cipher of values of the older layout with 16 bytes of `iv`.
pub(crate) type Gcm16 = AesGcm<Aes256, U16>;

/// The derivation.
pub(crate) type Kdf = Hkdf<Sha256>;

const SALT: usize = 32;
const COMMITMENT: usize = 32;
const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// How many bytes a sealed value is longer than what is in it.
pub const OVERHEAD: usize = 1 + SALT + COMMITMENT + NONCE + TAG;

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The id of the row.
    pub row_id: &'a str,
    /// The id of the key it is sealed under.
    pub key_id: &'a str,
    /// The name by which the row is found, and what the value is sent to. Not in format 1.
    pub bound: &'a [Option<&'a str>],
}

/// What a seal binds, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The place alone.
    One = 1,
    /// What the value is bound to as well.
    Two = 2,
}

impl Format {
    /// That of a sealed value, if it is any.
    pub fn of(sealed: &[u8]) -> Option<Self> {
        let formats = [Self::One, Self::Two];
        formats.into_iter().find(|format| sealed.first() == Some(&(*format as u8)))
    }

    fn info(self) -> &'static [u8] {
        match self {
            Self::One => b"keyward/seal/v1",
            Self::Two => b"keyward/seal/v2",
        }
    }
}

/// Damaged, moved, or under another key: the cipher cannot say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open: it was changed or moved, or is under another key")]
pub struct OpenError;

/// Opened, and overwritten in memory when it is dropped.
pub type Opened = Zeroizing<Vec<u8>>;

/// Seals `plaintext` for one place; salt and nonce come from `rng`.
pub fn seal<R: TryCryptoRng>(
    dek: &Dek,
    place: Binding<'_>,
    plaintext: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, R::Error> {
    // At once: each call to the operating system takes as long as the rest of this.
    let mut random = [0; SALT + NONCE];
    rng.try_fill_bytes(&mut random)?;
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE]);
    salt.copy_from_slice(&random[..SALT]);
    nonce.copy_from_slice(&random[SALT..]);
    Ok(seal_with(Format::Two, dek, place, plaintext, &salt, nonce))
}

fn seal_with(
    format: Format,
    dek: &Dek,
    place: Binding<'_>,
    plaintext: &[u8],
    salt: &[u8; SALT],
    nonce: [u8; NONCE],
) -> Vec<u8> {
    let aad = place.aad(format);
    let derived = derive(format, dek, salt, &aad);
    let payload = Payload { msg: plaintext, aad: &aad };
    #[expect(clippy::expect_used, reason = "GCM takes up to 64 GiB; values have 64 KiB")]
    let ciphertext = derived.cipher().encrypt(&nonce.into(), payload).expect("short enough");
    let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
    sealed.push(format as u8);
    sealed.extend_from_slice(salt);
    sealed.extend_from_slice(derived.commitment());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}

/// Opens what was sealed for this place.
pub fn open(dek: &Dek, place: Binding<'_>, sealed: &[u8]) -> Result<Opened, OpenError> {
    let format = Format::of(sealed).ok_or(OpenError)?;
    let rest = &sealed[1..];
    let (salt, rest) = rest.split_first_chunk::<SALT>().ok_or(OpenError)?;
    let (commitment, rest) = rest.split_first_chunk::<COMMITMENT>().ok_or(OpenError)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(OpenError)?;
    let aad = place.aad(format);
    let derived = derive(format, dek, salt, &aad);
    if !bool::from(derived.commitment().ct_eq(commitment)) {
        return Err(OpenError);
    }
    let payload = Payload { msg: ciphertext, aad: &aad };
    let opened = derived.cipher().decrypt(&(*nonce).into(), payload);
    opened.map(Zeroizing::new).map_err(|_| OpenError)
}

/// Opens a value of the older layout: AES-256-GCM directly under a key, the `iv` of 12 or
/// 16 bytes beside it, the tag at the end.
pub fn open_legacy(key: &Dek, iv: &[u8], ciphertext: &[u8]) -> Result<Opened, OpenError> {
    let key = key.expose().into();
    let opened = match iv.len() {
        12 => Gcm::new(key).decrypt(&iv.try_into().or(Err(OpenError))?, ciphertext),
        16 => Gcm16::new(key).decrypt(&iv.try_into().or(Err(OpenError))?, ciphertext),
        _ => return Err(OpenError),
    };
    opened.map(Zeroizing::new).map_err(|_| OpenError)
}

impl Binding<'_> {
    fn aad(&self, format: Format) -> Vec<u8> {
        let Self { table, column, row_id, key_id, bound } = *self;
        let bound = match format {
            Format::One => &[],
            Format::Two => bound,
        };
        let mut aad = Vec::with_capacity(192);
        for part in [table, column, row_id, key_id].map(Some).iter().chain(bound) {
            // Names, ids and addresses: what is longer does not fit into a row.
            let length =
                part.map_or(u32::MAX, |part| u32::try_from(part.len()).unwrap_or(u32::MAX - 1));
            aad.extend_from_slice(&length.to_be_bytes());
            aad.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        aad
    }
}

/// What is derived for one value: the key that encrypts it, and the commitment.
struct Derived(Zeroizing<[[u8; 32]; 2]>);

impl Derived {
    fn cipher(&self) -> Gcm {
        Gcm::new((&self.0[0]).into())
    }

    fn commitment(&self) -> &[u8; COMMITMENT] {
        &self.0[1]
    }
}

fn derive(format: Format, dek: &Dek, salt: &[u8; SALT], aad: &[u8]) -> Derived {
    let mut halves = Zeroizing::new([[0; 32]; 2]);
    let info: [&[u8]; 2] = [format.info(), &Sha256::digest(aad)];
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes")]
    Kdf::new(Some(salt), dek.expose())
        .expand_multi_info(&info, halves.as_flattened_mut())
        .expect("64 bytes");
    Derived(halves)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use serde::Deserialize;

    use super::*;

    const PLACE: Binding<'_> = Binding {
        table: "secrets",
        column: "encrypted_value",
        row_id: "row-1",
        key_id: "key-1",
        bound: &[Some("NAME"), None],
    };

    fn rng() -> StdRng {
        StdRng::seed_from_u64(1)
    }

    fn dek() -> Dek {
        Dek::generate(&mut rng()).unwrap()
    }

    fn sealed(text: &[u8]) -> Vec<u8> {
        seal(&dek(), PLACE, text, &mut rng()).unwrap()
    }

    /// Made by another implementation: `vectors/make.mjs`.
    #[derive(Deserialize)]
    struct Vector {
        format: u8,
        key: String,
        table: String,
        column: String,
        row_id: String,
        key_id: String,
        bound: Vec<Option<String>>,
        salt: String,
        nonce: String,
        plaintext: String,
        sealed: String,
    }

    #[test]
    fn another_implementation_seals_to_the_same_bytes() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors/seal.json")).unwrap();
        for format in [Format::One, Format::Two] {
            let of_it = vectors.iter().filter(|vector| vector.format == format as u8);
            assert!(of_it.count() >= 6, "{format:?}");
        }
        for vector in vectors {
            let format = [Format::One, Format::Two][usize::from(vector.format) - 1];
            let bound: Vec<_> = vector.bound.iter().map(Option::as_deref).collect();
            let bytes = |text: &str| hex::decode(text).unwrap();
            let key = Dek::from_slice(&bytes(&vector.key)).unwrap();
            let place = Binding {
                table: &vector.table,
                column: &vector.column,
                row_id: &vector.row_id,
                key_id: &vector.key_id,
                bound: &bound,
            };
            let salt = bytes(&vector.salt).try_into().unwrap();
            let nonce = bytes(&vector.nonce).try_into().unwrap();
            let plaintext = bytes(&vector.plaintext);
            let sealed = seal_with(format, &key, place, &plaintext, &salt, nonce);
            assert_eq!(hex::encode(&sealed), vector.sealed);
            assert_eq!(*open(&key, place, &sealed).unwrap(), plaintext);
        }
    }

    #[test]
    fn every_single_bit_counts() {
        let sealed = sealed(b"a value");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&dek(), PLACE, &flipped), Err(OpenError), "bit {bit}");
        }
    }

    #[test]
    fn nothing_shorter_or_longer_opens() {
        let sealed = sealed(b"a value");
        for end in 0..sealed.len() {
            assert_eq!(open(&dek(), PLACE, &sealed[..end]), Err(OpenError), "{end} bytes");
        }
        let longer = [sealed.as_slice(), b"\0"].concat();
        assert_eq!(open(&dek(), PLACE, &longer), Err(OpenError));
    }

    #[test]
    fn a_value_opens_only_in_its_place_and_under_its_key() {
        let sealed = sealed(b"a value");
        let elsewhere = [
            Binding { table: "settings", ..PLACE },
            Binding { column: "other", ..PLACE },
            Binding { row_id: "row-2", ..PLACE },
            Binding { key_id: "key-2", ..PLACE },
            // Another name, another address that it is sent to, none, and one more.
            Binding { bound: &[Some("OTHER"), None], ..PLACE },
            Binding { bound: &[Some("NAME"), Some("https://elsewhere.example")], ..PLACE },
            Binding { bound: &[Some("NAME"), Some("")], ..PLACE },
            Binding { bound: &[Some("NAME")], ..PLACE },
            Binding { bound: &[], ..PLACE },
            // The same letters, parted differently.
            Binding { key_id: "key-1NAME", bound: &[Some(""), None], ..PLACE },
            Binding { table: "secretse", column: "ncrypted_value", ..PLACE },
        ];
        for place in elsewhere {
            assert_eq!(open(&dek(), place, &sealed), Err(OpenError), "{place:?}");
        }
        let other = Dek::generate(&mut StdRng::seed_from_u64(2)).unwrap();
        assert_eq!(open(&other, PLACE, &sealed), Err(OpenError));
        assert_eq!(*open(&dek(), PLACE, &sealed).unwrap(), b"a value");
    }

    #[test]
    fn a_value_of_one_format_does_not_open_as_the_other() {
        let (salt, nonce) = ([7; SALT], [7; NONCE]);
        for bound in [PLACE.bound, &[]] {
            let place = Binding { bound, ..PLACE };
            for format in [Format::One, Format::Two] {
                let mut sealed = seal_with(format, &dek(), place, b"a value", &salt, nonce);
                assert_eq!(Format::of(&sealed), Some(format));
                assert_eq!(*open(&dek(), place, &sealed).unwrap(), b"a value");
                sealed[0] = 3 - format as u8;
                assert_eq!(open(&dek(), place, &sealed), Err(OpenError), "{format:?}");
            }
        }
    }

    #[test]
    fn a_value_of_format_1_does_not_know_its_name() {
        let sealed = seal_with(Format::One, &dek(), PLACE, b"a value", &[7; SALT], [7; NONCE]);
        let renamed = Binding { bound: &[Some("OTHER"), None], ..PLACE };
        assert_eq!(*open(&dek(), renamed, &sealed).unwrap(), b"a value");
    }

    #[test]
    fn what_hashes_and_encrypts_with_keys_is_wiped() {
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        is_wiped::<Sha256>();
        is_wiped::<Gcm>();
        is_wiped::<Gcm16>();
        // Two states of the hash, which are wiped as they are.
        assert!(std::mem::needs_drop::<hmac::Hmac<Sha256>>());
    }

    #[test]
    fn the_same_value_is_sealed_to_other_bytes_each_time() {
        let mut rng = rng();
        let mut again = || seal(&dek(), PLACE, b"a value", &mut rng).unwrap();
        assert_ne!(again(), again());
    }

    #[test]
    fn values_of_the_older_layout_open_with_12_and_16_bytes_of_iv_and_no_other() {
        let key = dek();
        let short = Gcm::new(key.expose().into());
        let long = Gcm16::new(key.expose().into());
        let short = short.encrypt(&[7; 12].into(), b"old".as_slice()).unwrap();
        let long = long.encrypt(&[7; 16].into(), b"old".as_slice()).unwrap();
        assert_eq!(*open_legacy(&key, &[7; 12], &short).unwrap(), b"old");
        assert_eq!(*open_legacy(&key, &[7; 16], &long).unwrap(), b"old");
        assert_eq!(open_legacy(&key, &[7; 13], &short), Err(OpenError));
        assert_eq!(open_legacy(&key, &[], &short), Err(OpenError));
        assert_eq!(open_legacy(&key, &[8; 12], &short), Err(OpenError));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_to_the_same(text: Vec<u8>, seed: u64) {
            let mut rng = StdRng::seed_from_u64(seed);
            let dek = Dek::generate(&mut rng).unwrap();
            let sealed = seal(&dek, PLACE, &text, &mut rng).unwrap();
            prop_assert_eq!(sealed.len(), text.len() + OVERHEAD);
            prop_assert_eq!(&*open(&dek, PLACE, &sealed).unwrap(), &text);
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            prop_assert!(open(&dek(), PLACE, &bytes).is_err());
        }
    }
}
