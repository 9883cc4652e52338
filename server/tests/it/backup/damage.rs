//! Files that are not what was written, and stores that did not hold.

use std::fs;

use super::path;
use crate::support::{Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_file_that_is_not_what_was_written_is_refused_and_nothing_is_restored,
    what_did_not_hold_in_the_store_is_listed_and_restored_only_on_demand,
    a_row_that_cannot_be_read_is_no_row_to_leave_out,
);

const OTHER_ROOT: &str = "X7HCqXcz4I1EGf5rIDjRxJoOV/NsuIEtkEXqF8N2Ww8=";

async fn a_file_that_is_not_what_was_written_is_refused_and_nothing_is_restored(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    database.expect_run(&["migrate"]);
    database.expect_run(&["keys", "create", "--name", "planted"]);
    let file = database.back_up();
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let target = TestDatabase::new(backend).await;
    let refused = |what: &str, bytes: &[u8], reason: &str| {
        let bad = database.folder().join("bad");
        fs::write(&bad, bytes).unwrap();
        for command in [&["backup", "verify"][..], &["restore"]] {
            let (code, out, error) = target.run(&[command, &[path(&bad)]].concat());
            assert!(code == 1 && out.is_empty(), "{what}: {code} {out}");
            assert!(error.contains(reason), "{what}: {error}");
        }
    };
    refused("empty", b"", "it is no backup");
    refused("another file", b"SQLite format 3\0", "it is no backup");
    refused("no text", &[0xff; 64], "it is no backup");
    refused("another row", changed("planted", "implant").as_bytes(), "SHA-256");
    refused("a longer row", changed("\"planted\"", "\"planted\",1").as_bytes(), "is damaged");
    refused("another header", changed("createdAt\":\"2", "createdAt\":\"3").as_bytes(), "SHA-256");
    refused("newer", changed("\"format\":1", "\"format\":2").as_bytes(), "a newer version");
    refused("unknown schema", changed("\"m00", "\"m99").as_bytes(), "does not know");
    refused("a row twice", [&lines[..2], &lines[1..]].concat().join("\n").as_bytes(), "damaged");
    refused("a row less", [&lines[..1], &lines[2..]].concat().join("\n").as_bytes(), "damaged");
    refused("more", format!("{text}{{}}\n").as_bytes(), "damaged");
    for end in [text.len() - 1, text.len() / 2, lines[0].len() + 1, lines[0].len()] {
        let reason = if end == lines[0].len() { "no backup" } else { "cut off" };
        refused(&format!("cut at {end}"), &text.as_bytes()[..end], reason);
    }
    let (code, _, error) = target.run(&["backup", "verify", "/nowhere/backup"]);
    assert!(code == 1 && error.contains("/nowhere/backup"), "{error}");

    let mut other = target.command(&["restore", path(&file)]);
    let other = other.env("SECRETS_ENCRYPTION_KEY", OTHER_ROOT).output().unwrap();
    let error = String::from_utf8(other.stderr).unwrap();
    assert!(error.contains("made under another root key"), "{error}");
    // Nothing of all that is in the target.
    target.expect_run(&["restore", path(&file)]);
}

async fn what_did_not_hold_in_the_store_is_listed_and_restored_only_on_demand(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    database.expect_run(&["migrate"]);
    database.expect_run(&["keys", "create", "--name", "changed"]);
    database.expect_run(&["keys", "create", "--name", "good"]);
    let db = database.connect().await;
    sea_orm::ConnectionTrait::execute_unprepared(
        &db,
        "UPDATE settings SET key = 'renamed' WHERE key = 'changed'",
    )
    .await
    .unwrap();
    db.close().await.unwrap();
    let file = database.back_up();
    let (code, out, _) = database.run(&["backup", "verify", path(&file)]);
    assert!(code == 1 && out.contains("it was changed outside of Keyward"), "{out}");
    let target = TestDatabase::new(backend).await;
    let (code, _, error) = target.run(&["restore", path(&file)]);
    assert!(code == 1 && error.contains("--as-is"), "{error}");
    target.expect_run(&["restore", "--as-is", path(&file)]);
    let (code, out, _) = target.run(&["store", "check"]);
    assert!(code == 1 && out.contains("it was changed outside of Keyward"), "{out}");
    target.expect_run(&["store", "accept", "--yes"]);
    target.expect_run(&["store", "check"]);
}

async fn a_row_that_cannot_be_read_is_no_row_to_leave_out(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    database.expect_run(&["migrate"]);
    database.expect_run(&["keys", "create", "--name", "a"]);
    let file = database.back_up();
    let before = fs::read(&file).unwrap();
    let time = match backend {
        Backend::Sqlite => "x'00'",
        Backend::Postgres => "'infinity'",
    };
    let db = database.connect().await;
    let sql = format!("UPDATE settings SET updated_at = {time}");
    sea_orm::ConnectionTrait::execute_unprepared(&db, &sql).await.unwrap();
    db.close().await.unwrap();
    let (code, _, error) = database.run(&["backup", path(&file)]);
    assert!(code == 1 && error.contains("a row of settings cannot be read"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before, "the backup of before is there");
    let names = fs::read_dir(database.folder()).unwrap().map(|found| found.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("partial")));
}
