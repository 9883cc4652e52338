//! Values of the older layout: AES-256-GCM directly under the root key, the `iv` of 12 or
//! 16 bytes in a column beside it. Pure.
//!
//! Older programs wrote both columns in forms of their own, and no column says which:
//!
//! | column | forms |
//! |---|---|
//! | `iv` | raw bytes; base64; hex |
//! | value | raw ciphertext and tag; base64 of them; hex of them; `hex(ciphertext):hex(tag)` |
//!
//! 1. Every reading of the `iv` is tried with every reading of the value. A text may be valid
//!    in several forms (hex digits are base64 as well); the tag of GCM decides, and a wrong
//!    reading does not open.
//! 2. Hex has digits of either case; base64 has either alphabet, padded or not. White space in
//!    a text is ignored: exports end in line breaks, and some programs wrap base64.
//! 3. A text may stand in the column as text or as bytes: the driver gives bytes for both.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::kek::RootKey;
use crate::seal::{self, OpenError, Opened, TAG};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT)];

/// Opens a value of the older layout, in whatever form its two columns were written.
pub fn open(root: &RootKey, iv: Option<&[u8]>, sealed: &[u8]) -> Result<Opened, OpenError> {
    let (key, iv) = (root.legacy_key(), iv.ok_or(OpenError)?);
    let ivs: Vec<_> = readings(iv).into_iter().filter(|iv| is_iv(iv)).collect();
    let mut values = readings(sealed).into_iter().chain(ciphertext_and_tag(sealed));
    let opened =
        values.find_map(|value| ivs.iter().find_map(|iv| seal::open_legacy(&key, iv, &value).ok()));
    opened.ok_or(OpenError)
}

fn is_iv(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 12 | 16)
}

/// The column as it is, and as base64 and hex where it can be that.
fn readings(column: &[u8]) -> Vec<Vec<u8>> {
    let text = without_white_space(column);
    let base64 = BASE64.into_iter().find_map(|engine| engine.decode(&text).ok());
    [Some(column.to_vec()), base64, hex::decode(&text).ok()].into_iter().flatten().collect()
}

/// `hex(ciphertext):hex(tag)`, one after the other, as the cipher takes them.
fn ciphertext_and_tag(column: &[u8]) -> Option<Vec<u8>> {
    let text = without_white_space(column);
    let colon = text.iter().position(|byte| *byte == b':')?;
    let mut ciphertext = hex::decode(&text[..colon]).ok()?;
    let tag = hex::decode(&text[colon + 1..]).ok().filter(|tag| tag.len() == TAG)?;
    ciphertext.extend(tag);
    Some(ciphertext)
}

fn without_white_space(column: &[u8]) -> Vec<u8> {
    column.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// Made by Node, as older programs did: `vectors/make-legacy.mjs`. Columns are given as
    /// hex of what stands in them.
    #[derive(Deserialize)]
    struct Vectors {
        root: String,
        rows: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        form: String,
        iv: String,
        value: String,
        plaintext: String,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("vectors/legacy.json")).unwrap()
    }

    fn root() -> RootKey {
        RootKey::parse(&vectors().root).unwrap()
    }

    #[derive(Clone)]
    struct Row {
        iv: Option<Vec<u8>>,
        sealed: Vec<u8>,
    }

    fn row(iv: &[u8], sealed: &[u8]) -> Row {
        Row { iv: Some(iv.to_vec()), sealed: sealed.to_vec() }
    }

    fn open(root: &RootKey, row: &Row) -> Result<Opened, OpenError> {
        super::open(root, row.iv.as_deref(), &row.sealed)
    }

    fn rows() -> impl Iterator<Item = (String, Row, Vec<u8>)> {
        let bytes = |text: String| hex::decode(text).unwrap();
        vectors().rows.into_iter().map(move |vector| {
            let Vector { form, iv, value, plaintext } = vector;
            (form, row(&bytes(iv), &bytes(value)), bytes(plaintext))
        })
    }

    #[test]
    fn what_node_wrote_opens_in_every_form() {
        assert!(rows().count() >= 100);
        for (form, row, plaintext) in rows() {
            assert_eq!(open(&root(), &row).as_deref(), Ok(&plaintext), "{form}");
        }
    }

    #[test]
    fn white_space_in_a_text_is_ignored_and_in_raw_bytes_is_not() {
        for (form, mut row, plaintext) in rows() {
            let is_raw = form.contains("raw");
            row.sealed.extend(b"\r\n");
            row.iv.as_mut().unwrap().push(b'\n');
            let opened = open(&root(), &row);
            if is_raw {
                assert!(opened.is_err(), "{form}");
            } else {
                assert_eq!(opened.as_deref(), Ok(&plaintext), "{form}");
                row.sealed.insert(8, b'\n');
                assert_eq!(open(&root(), &row).as_deref(), Ok(&plaintext), "{form}, wrapped");
            }
        }
    }

    #[test]
    fn no_form_opens_when_it_was_changed_or_lacks_its_iv() {
        for (form, row, _) in rows() {
            let mut changed = row.clone();
            // Another digit, another character of base64, another byte.
            changed.sealed[0] = if changed.sealed[0] == b'0' { b'1' } else { b'0' };
            assert!(open(&root(), &changed).is_err(), "{form}, changed");
            let end = row.sealed.len() - 4;
            let shorter = Row { sealed: row.sealed[..end].to_vec(), ..row.clone() };
            assert!(open(&root(), &shorter).is_err(), "{form}, cut off");
            assert!(open(&root(), &Row { iv: None, ..row }).is_err(), "{form}, no iv");
        }
    }

    #[test]
    fn a_tag_is_16_bytes_and_there_is_one() {
        let good = "63:58c536c9b9b09a9c3b46a2f38810a9a3";
        let is_read = |text: &str| ciphertext_and_tag(text.as_bytes()).is_some();
        assert!(is_read(good) && is_read(&good.to_uppercase()) && is_read(&good[2..]));
        for bad in [
            &good[..good.len() - 2],
            &format!("{good}00"),
            &format!("{good}:00"),
            &format!("6{good}"),
            &good.replace(':', ""),
            "63:",
            ":",
            "",
        ] {
            assert!(!is_read(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(iv: Vec<u8>, value: Vec<u8>) {
            prop_assert!(open(&root(), &row(&iv, &value)).is_err());
        }
    }
}
