//! The format of a backup: one line of JSON for each row, between a line that says how the rows
//! are to be read and two that say what is there. Pure.
//!
//! ```text
//! {"keyward":"backup","format":1,"schema":"m0013_idempotency","createdAt":..,"tables":[..]}
//! [0,"id","text",12,null]
//! {"rows":[..],"keys":5,"generations":[..],"auditSeq":..,"auditHash":..,"keyIds":[..]}
//! {"sha256":"..","mac":".."}
//! ```
//!
//! 1. The first number of a row is the place of its table in the header. The header names the
//!    columns and what they hold, so that a later version reads what an earlier one wrote.
//! 2. The hash is of all bytes before the last line. A file that was cut off has no last line.
//! 3. The mac is of the hash, under a key that comes from the root key: nobody else can write a
//!    backup that is taken for ours. What is in it is sealed and authenticated as it is in the
//!    store; nothing is encrypted once more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::kek::RootKey;

/// What the first line says that it is.
const NAME: &str = "backup";
/// Of what is written.
const FORMAT: u32 = 1;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Base64.
    Bytes,
    /// Microseconds since 1970.
    Time,
}

/// A table with its columns, in the order of the values of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// A word of small letters, digits and `_`, as the columns are: it becomes a part of SQL.
    pub name: String,
    /// Each with what it holds.
    pub columns: Vec<(String, Kind)>,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    keyward: String,
    format: u32,
    /// The newest migration of the store.
    pub schema: String,
    /// RFC 3339.
    pub created_at: String,
    /// In the order in which they can be written: none refers to a later one.
    pub tables: Vec<Table>,
}

/// The line after the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// How many of each table, in the order of the header.
    pub rows: Vec<u64>,
    /// How many of the rows of the settings table are API keys.
    pub keys: u64,
    /// The authenticated sets, each with how often it was changed.
    pub generations: Vec<(i64, i64)>,
    /// The number of the last entry of the audit log.
    pub audit_seq: i64,
    /// Hex.
    pub audit_hash: String,
    /// Of the data, audit and row keys that are stored, wrapped.
    pub key_ids: Vec<String>,
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    sha256: String,
    mac: String,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `Kind`")]
pub enum Value {
    Null,
    Text(String),
    Integer(i64),
    Boolean(bool),
    Bytes(Vec<u8>),
    Time(OffsetDateTime),
}

/// Why a file is no backup, or not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The first line.
    #[error("it is no backup of Keyward")]
    NoBackup,
    /// A later version wrote it.
    #[error("a newer version of Keyward made it")]
    Newer,
    /// The number of a line, counted from 1.
    #[error("line {0} is damaged")]
    Line(u64),
    /// No last line.
    #[error("its end is missing: it was cut off, or something was added")]
    CutOff,
    /// The hash is another.
    #[error("it is damaged: its SHA-256 is another one")]
    Damaged,
    /// The mac is of another root key, or of nobody.
    #[error("it was made under another root key, or changed outside of Keyward")]
    Foreign,
}

impl Header {
    /// Of a backup that is made now.
    pub fn new(schema: String, created_at: String, tables: Vec<Table>) -> Self {
        Self { keyward: NAME.to_owned(), format: FORMAT, schema, created_at, tables }
    }

    /// The first line. Its names can become a part of SQL.
    pub fn parse(line: &str) -> Result<Self, FormatError> {
        let header: Json = serde_json::from_str(line).map_err(|_| FormatError::NoBackup)?;
        if header["keyward"] != NAME {
            return Err(FormatError::NoBackup);
        }
        if header["format"] != FORMAT {
            return Err(FormatError::Newer);
        }
        let header: Self = serde_json::from_value(header).map_err(|_| FormatError::Line(1))?;
        let columns = |table: &Table| {
            !table.columns.is_empty() && table.columns.iter().all(|(name, _)| is_name(name))
        };
        let are_names = header.tables.iter().all(|table| is_name(&table.name) && columns(table));
        if are_names { Ok(header) } else { Err(FormatError::Line(1)) }
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=63).contains(&name.len()) && name.bytes().all(fits)
}

/// The line of a row of the table with this place.
pub fn row_line(table: usize, row: &[Value]) -> String {
    let values = row.iter().map(|value| match value {
        Value::Null => Json::Null,
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Boolean(is) => (*is).into(),
        Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Value::Time(time) => micros(*time).into(),
    });
    Json::Array(std::iter::once(table.into()).chain(values).collect()).to_string()
}

fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX)
}

/// The place of its table, and the values; `None`: not a row of one of these.
pub fn parse_row(line: &str, tables: &[Table]) -> Option<(usize, Vec<Value>)> {
    let Ok(Json::Array(row)) = serde_json::from_str(line) else { return None };
    let (first, values) = row.split_first()?;
    let place = usize::try_from(first.as_u64()?).ok()?;
    let Table { columns, .. } = tables.get(place)?;
    if values.len() != columns.len() {
        return None;
    }
    let values = values.iter().zip(columns).map(|(value, (_, kind))| parse(value, *kind));
    Some((place, values.collect::<Option<_>>()?))
}

fn parse(value: &Json, kind: Kind) -> Option<Value> {
    Some(match (kind, value) {
        (_, Json::Null) => Value::Null,
        (Kind::Text, Json::String(text)) => Value::Text(text.clone()),
        (Kind::Bytes, Json::String(text)) => Value::Bytes(STANDARD.decode(text).ok()?),
        (Kind::Boolean, Json::Bool(is)) => Value::Boolean(*is),
        (Kind::Integer, Json::Number(number)) => Value::Integer(number.as_i64()?),
        (Kind::Time, Json::Number(number)) => {
            let nanos = i128::from(number.as_i64()?) * 1_000;
            Value::Time(OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?)
        }
        _ => return None,
    })
}

/// The hash of a backup, line by line.
#[derive(Clone, Debug, Default)]
pub struct Hash(Sha256);

impl Hash {
    /// Takes a line, without its end.
    pub fn line(&mut self, line: &str) {
        self.0.update(line);
        self.0.update("\n");
    }

    /// Takes a part of the file as it is.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The last line, when all others were taken.
    pub fn seal(self, root: &RootKey) -> Seal {
        let sha256 = self.0.finalize();
        let mac = mac(root, &sha256).finalize().into_bytes();
        Seal { sha256: hex::encode(sha256), mac: hex::encode(mac) }
    }

    /// Whether all that was taken is what was sealed, under one of these root keys.
    pub fn check<'a>(
        self,
        seal: &Seal,
        roots: impl IntoIterator<Item = &'a RootKey>,
    ) -> Result<(), FormatError> {
        let sha256 = self.0.finalize();
        if seal.sha256 != hex::encode(sha256) {
            return Err(FormatError::Damaged);
        }
        let given = hex::decode(&seal.mac).map_err(|_| FormatError::Damaged)?;
        let is_ours = |root| mac(root, &sha256).verify_slice(&given).is_ok();
        if roots.into_iter().any(is_ours) { Ok(()) } else { Err(FormatError::Foreign) }
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(root: &RootKey, sha256: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(&*root.backup_key()).expect("any length");
    mac.chain_update(sha256)
}

impl Seal {
    /// Hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(byte: u8) -> RootKey {
        RootKey::parse(&hex::encode(Sha256::digest([byte]))).unwrap()
    }

    fn table() -> Table {
        let kinds = [Kind::Text, Kind::Integer, Kind::Boolean, Kind::Bytes, Kind::Time];
        let names = ["text", "integer", "boolean", "bytes", "time"];
        let columns = names.into_iter().map(str::to_owned).zip(kinds).collect();
        Table { name: "every_kind".to_owned(), columns }
    }

    fn rows() -> [Vec<Value>; 2] {
        let time = OffsetDateTime::from_unix_timestamp_nanos(-1_234_567_891_234_000).unwrap();
        [
            vec![
                Value::Text("\u{e4}\n\"".to_owned()),
                Value::Integer(i64::MIN),
                Value::Boolean(true),
                Value::Bytes(vec![0, 255]),
                Value::Time(time),
            ],
            vec![const { Value::Null }; 5],
        ]
    }

    #[test]
    fn what_is_written_is_read_again() {
        let header = Header::new("m1".to_owned(), "2026-01-01T00:00:00Z".to_owned(), vec![table()]);
        let line = serde_json::to_string(&header).unwrap();
        assert_eq!(Header::parse(&line), Ok(header));
        for row in rows() {
            let line = row_line(0, &row);
            assert!(!line.contains('\n'));
            assert_eq!(parse_row(&line, &[table()]), Some((0, row)));
        }
    }

    #[test]
    fn a_row_of_another_shape_is_none() {
        let good = row_line(0, &rows()[0]);
        for wrong in [
            String::new(),
            "[]".to_owned(),
            "[0]".to_owned(),
            "{}".to_owned(),
            row_line(1, &rows()[1]),
            good.replace("true", "1"),
            good.replace("true", "\"true\""),
            good.replace("AP8=", "AP8"),
            good.replace("-1234567891234", "9223372036854775807"),
            good.replace("-1234567891234", "1.5"),
            good.replace(']', ",1]"),
        ] {
            assert_ne!(wrong, good);
            assert_eq!(parse_row(&wrong, &[table()]), None, "{wrong}");
        }
    }

    #[test]
    fn a_header_whose_names_are_no_names_is_refused() {
        let line = |name: &str, column: &str| {
            let columns = vec![(column.to_owned(), Kind::Text)];
            let table = Table { name: name.to_owned(), columns };
            let header = Header::new("m1".to_owned(), String::new(), vec![table]);
            serde_json::to_string(&header).unwrap()
        };
        assert!(Header::parse(&line("a_1", "b")).is_ok());
        for wrong in ["", "A", "a\"", "a;", "a b", &"a".repeat(64)] {
            assert_eq!(Header::parse(&line(wrong, "b")), Err(FormatError::Line(1)));
            assert_eq!(Header::parse(&line("a", wrong)), Err(FormatError::Line(1)));
        }
        assert_eq!(Header::parse("{}"), Err(FormatError::NoBackup));
        assert_eq!(Header::parse("SQLite format 3"), Err(FormatError::NoBackup));
        let newer = line("a", "b").replace("\"format\":1", "\"format\":2");
        assert_eq!(Header::parse(&newer), Err(FormatError::Newer));
    }

    #[test]
    fn only_what_was_sealed_under_the_root_key_is_ours() {
        let hash = |lines: &[&str]| {
            let mut hash = Hash::default();
            for line in lines {
                hash.line(line);
            }
            hash
        };
        let seal = hash(&["a", "b"]).seal(&root(1));
        assert_eq!(hash(&["a", "b"]).check(&seal, [&root(1)]), Ok(()));
        assert_eq!(hash(&["a", "b"]).check(&seal, [&root(2), &root(1)]), Ok(()), "a former one");
        assert_eq!(hash(&["a", "b"]).check(&seal, [&root(2)]), Err(FormatError::Foreign));
        for other in [&["a"][..], &["ab"], &["b", "a"], &["a", "b", ""]] {
            assert_eq!(hash(other).check(&seal, [&root(1)]), Err(FormatError::Damaged));
        }
        let forged = Seal { sha256: hash(&["c"]).seal(&root(2)).sha256, ..seal };
        assert_eq!(hash(&["c"]).check(&forged, [&root(1)]), Err(FormatError::Foreign));
    }
}
