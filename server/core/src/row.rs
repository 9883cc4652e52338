//! The macs of rows. Pure.
//!
//! A mac is HMAC-SHA256, under the key for rows, over the name of the table and every column
//! that decides anything, in the order of [`Authenticated::write`], each after its length
//! (32 bits, big-endian). Times are microseconds since 1970: the finest that both databases
//! keep.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use crate::dek::Dek;

/// The mac of a row.
pub type RowMac = [u8; 32];

const ROW: &[u8] = b"keyward/rows/row/v1";
const ELEMENT: &[u8] = b"keyward/rows/element/v1";
const MASK: &[u8] = b"keyward/rows/mask/v1";
const SET: &[u8] = b"keyward/rows/set/v1";

/// Makes and checks the macs of rows and sets. Cheap to clone; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct RowKey(Arc<Inner>);

struct Inner {
    row: Hmac<Sha256>,
    element: Hmac<Sha256>,
    mask: Hmac<Sha256>,
    set: Hmac<Sha256>,
}

/// A row that carries authority.
pub trait Authenticated {
    /// Its table.
    const TABLE: &'static str;

    /// Writes every column that decides anything, the id first.
    fn write(&self, columns: &mut Columns);

    /// The mac that is stored with it.
    fn mac(&self) -> Option<&[u8]>;
}

/// Takes the columns of a row one after the other.
pub struct Columns(Hmac<Sha256>);

impl Columns {
    /// A text, or bytes.
    pub fn put(&mut self, column: impl AsRef<[u8]>) {
        let column = column.as_ref();
        // What is longer does not fit into a row.
        self.0.update(&u32::try_from(column.len()).unwrap_or(u32::MAX - 1).to_be_bytes());
        self.0.update(column);
    }

    /// A text or bytes, or nothing, which is not the same as empty.
    pub fn put_or_none(&mut self, column: Option<impl AsRef<[u8]>>) {
        match column {
            Some(column) => self.put(column),
            // No column has this length.
            None => self.0.update(&u32::MAX.to_be_bytes()),
        }
    }

    /// A number.
    pub fn put_number(&mut self, number: i64) {
        self.put(number.to_be_bytes());
    }

    /// A time, down to its microsecond.
    pub fn put_time(&mut self, time: OffsetDateTime) {
        self.put(time.unix_timestamp_nanos().div_euclid(1_000).to_be_bytes());
    }

    fn finish(self) -> RowMac {
        self.0.finalize().into_bytes().into()
    }
}

impl RowKey {
    /// The macs that the unwrapped key for rows makes.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "HMAC takes any key")]
    pub fn new(key: &Dek) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any length");
        let labelled = |label: &[u8]| mac.clone().chain_update(label);
        let [row, element, mask, set] = [ROW, ELEMENT, MASK, SET].map(labelled);
        Self(Arc::new(Inner { row, element, mask, set }))
    }

    /// The mac to be stored with a row.
    pub fn sign<R: Authenticated>(&self, row: &R) -> RowMac {
        let mut columns = Columns(self.0.row.clone());
        columns.put(R::TABLE);
        row.write(&mut columns);
        columns.finish()
    }

    /// Whether a row has the mac that was made for it.
    pub fn is_ours<R: Authenticated>(&self, row: &R) -> bool {
        row.mac().is_some_and(|mac| self.sign(row).ct_eq(mac).into())
    }

    pub(crate) fn element(&self) -> Columns {
        Columns(self.0.element.clone())
    }

    pub(crate) fn mask(&self) -> Columns {
        Columns(self.0.mask.clone())
    }

    pub(crate) fn set(&self) -> Columns {
        Columns(self.0.set.clone())
    }
}

pub(crate) fn finished(mut columns: Columns, write: impl FnOnce(&mut Columns)) -> RowMac {
    write(&mut columns);
    columns.finish()
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use time::Duration;

    use super::*;

    struct Row {
        columns: [Option<&'static str>; 2],
        at: OffsetDateTime,
        mac: Option<Vec<u8>>,
    }

    impl Authenticated for Row {
        const TABLE: &'static str = "rows";

        fn write(&self, columns: &mut Columns) {
            self.columns.iter().for_each(|column| columns.put_or_none(*column));
            columns.put_time(self.at);
        }

        fn mac(&self) -> Option<&[u8]> {
            self.mac.as_deref()
        }
    }

    fn key(seed: u64) -> RowKey {
        RowKey::new(&Dek::generate(&mut StdRng::seed_from_u64(seed)).unwrap())
    }

    fn row(columns: [Option<&'static str>; 2]) -> Row {
        Row { columns, at: OffsetDateTime::UNIX_EPOCH, mac: None }
    }

    #[test]
    fn a_row_is_ours_with_its_own_mac_alone() {
        let mut signed = row([Some("a"), Some("b")]);
        assert!(!key(1).is_ours(&signed), "without");
        signed.mac = Some(key(1).sign(&signed).to_vec());
        assert!(key(1).is_ours(&signed));
        assert!(!key(2).is_ours(&signed), "under another key");
        signed.mac = Some(key(1).sign(&signed)[..31].to_vec());
        assert!(!key(1).is_ours(&signed), "cut off");
        signed.mac = Some(Vec::new());
        assert!(!key(1).is_ours(&signed), "empty");
    }

    #[test]
    fn what_is_said_otherwise_has_another_mac() {
        let mac = |columns| key(1).sign(&row(columns));
        let all = [
            mac([Some("a"), Some("b")]),
            mac([Some("ab"), Some("")]),
            mac([Some("ab"), None]),
            mac([Some("a"), None]),
            mac([None, Some("a")]),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(!all[n + 1..].contains(one), "{n}");
        }
    }

    #[test]
    fn times_count_to_the_microsecond() {
        let at = |nanoseconds| Row {
            at: OffsetDateTime::UNIX_EPOCH - Duration::nanoseconds(nanoseconds),
            ..row([None, None])
        };
        assert_eq!(key(1).sign(&at(1_000)), key(1).sign(&at(999)));
        assert_ne!(key(1).sign(&at(1_000)), key(1).sign(&at(1_001)));
    }
}
