//! What comes from the database and from backups: sealed values, entries of the audit log, lines.

use keyward::audit::about_log;
use keyward::audit::check::Check;
use keyward_core::backup::{Header, Kind, Table, parse_row, row_line};
use keyward_core::chain::{AuditKey, AuditKeys, Fields, GENESIS, StoredEntry};
use keyward_core::dek::Dek;
use keyward_core::seal::{Binding, open, open_legacy, seal};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::bytes::nearly_text;

const PLACE: Binding<'_> = Binding {
    table: "secrets",
    column: "encrypted_value",
    row_id: "1",
    key_id: "2",
    bound: &[Some("MY_API_KEY")],
};

fn dek() -> Dek {
    Dek::generate(&mut StdRng::seed_from_u64(1)).unwrap()
}

const WORDS: &[&str] = &[
    "audit.acknowledge",
    "audit.checkpoint",
    "audit.export",
    "key.create",
    "1-5",
    "7",
    "5 entries closed, the last has the hash \
     ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "known (break \
     ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)",
];

const LINES: &[&str] = &[
    r#"{"keyward":"backup","format":1,"schema":"m0001_settings","createdAt":"","tables":[{"name":"a","columns":[["b","text"]]}]}"#,
    r#"[0,"text",-12,true,"AP8=",1700000000000000]"#,
    "[0,null,null,null,null,null]",
];

fn every_kind() -> Table {
    let kinds = [Kind::Text, Kind::Integer, Kind::Boolean, Kind::Bytes, Kind::Time];
    Table { name: "a".to_owned(), columns: kinds.map(|kind| ("b".to_owned(), kind)).to_vec() }
}

proptest! {
    #[test]
    fn a_line_of_a_backup_is_read_as_it_was_written(line in nearly_text(LINES)) {
        if let Ok(header) = Header::parse(&line) {
            let names = header.tables.iter().flat_map(|table| {
                table.columns.iter().map(|(name, _)| name).chain([&table.name])
            });
            for name in names {
                prop_assert!(!name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
            }
        }
        if let Some((place, row)) = parse_row(&line, &[every_kind()]) {
            let again = row_line(place, &row);
            prop_assert_eq!(parse_row(&again, &[every_kind()]), Some((place, row)));
        }
    }

    #[test]
    fn a_sealed_value_opens_as_it_is_or_not_at_all(
        value in vec(any::<u8>(), 0..64),
        at: Index,
        byte: u8,
        end: Index,
    ) {
        let sealed = seal(&dek(), PLACE, &value, &mut StdRng::seed_from_u64(2)).unwrap();
        prop_assert_eq!(&*open(&dek(), PLACE, &sealed).unwrap(), &value);
        let mut changed = sealed.clone();
        changed[at.index(sealed.len())] = byte;
        changed.truncate(end.index(2 * sealed.len()).max(1));
        prop_assert_eq!(open(&dek(), PLACE, &changed).is_ok(), changed == sealed);
    }

    #[test]
    fn bytes_that_nobody_sealed_do_not_open(
        bytes in vec(any::<u8>(), 0..200),
        iv in vec(any::<u8>(), 0..20),
    ) {
        prop_assert!(open(&dek(), PLACE, &bytes).is_err());
        prop_assert!(open_legacy(&dek(), &iv, &bytes).is_err());
    }

    #[test]
    fn an_entry_that_nobody_wrote_is_a_break(
        seq: i64,
        time: i64,
        texts in vec(proptest::option::of(nearly_text(WORDS)), 9),
        hashes in vec(vec(any::<u8>(), 0..40), 3),
    ) {
        let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
        let fields = Fields { seq, time, texts: texts.try_into().unwrap() };
        about_log::acknowledged(&fields);
        about_log::closed(&fields);
        about_log::exported(&fields);
        let keys = AuditKeys::new(Vec::new(), AuditKey::new(&dek()));
        let mut check = Check::new(&keys);
        let forged = StoredEntry {
            fields, prev_hash: &hashes[0], entry_hash: &hashes[1], mac: &hashes[2],
        };
        check.entry(&forged);
        // With hashes that fit, and no mac.
        let entry_hash = fields.hash(&GENESIS, &mut Vec::new());
        check.entry(&StoredEntry { fields, prev_hash: &GENESIS, entry_hash: &entry_hash, mac: &[] });
        prop_assert!(check.finish(None, seq).broken().is_some());
    }
}
