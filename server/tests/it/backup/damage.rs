//! Files that are not what was written, and stores that did not hold.

use std::fs;

use keyward_core::backup::Hash;
use keyward_core::kek::RootKey;
use sea_orm::{ConnectionTrait, Statement};

use super::path;
use crate::support::{ADMIN, App, Backend, ROOT_KEY, TestDatabase, on_both_databases};

on_both_databases!(
    a_file_that_is_not_what_was_written_is_refused_and_nothing_is_restored,
    what_did_not_hold_in_the_store_is_listed_and_restored_only_on_demand,
    a_row_that_cannot_be_read_is_no_row_to_leave_out,
    a_planted_session_does_not_come_back_whatever_is_accepted,
);

const OTHER_ROOT: &str = "X7HCqXcz4I1EGf5rIDjRxJoOV/NsuIEtkEXqF8N2Ww8=";

async fn execute(database: &TestDatabase, sql: &str) {
    let db = database.connect().await;
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

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
    refused("a longer row", changed("\"planted\"", "\"planted\",1").as_bytes(), "SHA-256");
    refused("another header", changed("createdAt\":\"2", "createdAt\":\"3").as_bytes(), "SHA-256");
    refused("newer", changed("\"format\":1", "\"format\":2").as_bytes(), "a newer version");
    let joined = |lines: &[&[&str]]| lines.concat().join("\n") + "\n";
    refused("a row twice", joined(&[&lines[..2], &lines[1..]]).as_bytes(), "SHA-256");
    refused("a row less", joined(&[&lines[..1], &lines[2..]]).as_bytes(), "SHA-256");
    for more in ["{}\n", "\n", "more", "\0"] {
        refused(more, format!("{text}{more}").as_bytes(), "something was added");
    }
    for end in [text.len() - 1, text.len() / 2, lines[0].len() + 1, lines[0].len()] {
        let reason = if end == lines[0].len() { "no backup" } else { "cut off" };
        refused(&format!("cut at {end}"), &text.as_bytes()[..end], reason);
    }
    // What only a holder of the root key can write.
    let sealed = |lines: &[&str]| {
        let mut hash = Hash::default();
        for line in lines {
            hash.line(line);
        }
        let seal = hash.seal(&RootKey::parse(ROOT_KEY).unwrap());
        format!("{}\n{}\n", lines.join("\n"), serde_json::to_string(&seal).unwrap())
    };
    let (header, rest) = (lines[0], &lines[1..lines.len() - 1]);
    let unknown = header.replace("\"m00", "\"m99");
    refused("unknown schema", sealed(&[&[&*unknown], rest].concat()).as_bytes(), "does not know");
    let less = sealed(&[&[header], &rest[1..]].concat());
    refused("fewer rows than it says", less.as_bytes(), "is damaged");
    let longer = [header, "[0,1]"];
    refused("a row of another form", sealed(&longer).as_bytes(), "line 2 is damaged");
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
    execute(&database, "UPDATE settings SET key = 'renamed' WHERE key = 'changed'").await;
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
    execute(&database, &format!("UPDATE settings SET updated_at = {time}")).await;
    let (code, _, error) = database.run(&["backup", path(&file)]);
    assert!(code == 1 && error.contains("a row of settings cannot be read"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before, "the backup of before is there");
    let db = database.connect().await;
    let sql = "SELECT count(*) AS n FROM audit_log WHERE action = 'store.backup' \
               AND detail LIKE 'sha256 %'";
    let finished = Statement::from_string(db.get_database_backend(), sql);
    let finished = db.query_one_raw(finished).await.unwrap().unwrap();
    assert_eq!(finished.try_get::<i64>("", "n").unwrap(), 1, "one that failed is none");
    db.close().await.unwrap();
    let names = fs::read_dir(database.folder()).unwrap().map(|found| found.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("partial")));
}

async fn a_planted_session_does_not_come_back_whatever_is_accepted(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, planted) = (app.admin().await, app.anonymous());
    // A session whose row somebody writes by hand, with the token that the client has.
    planted.sign_in().await;
    let copies = "INSERT INTO settings (id, type, key, value) SELECT token_hash, 'kept', token_hash, \
                  user_id FROM sessions";
    app.execute(copies).await;
    admin.delete("/api/sessions").await.expect(200);
    let plant = match backend {
        Backend::Sqlite => "'9999-01-01T00:00:00+00:00'",
        Backend::Postgres => "'9999-01-01'",
    };
    app.execute(&format!(
        "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at) \
         SELECT key, value, {plant}, {plant}, {plant} FROM settings \
         WHERE type = 'kept' AND key NOT IN (SELECT token_hash FROM sessions)"
    ))
    .await;
    planted.get("/api/session").await.expect(401);
    let file = app.database.back_up();
    for orphans in [false, true] {
        if orphans && backend == Backend::Sqlite {
            let without = "PRAGMA foreign_keys = OFF; DELETE FROM users; PRAGMA foreign_keys = ON";
            execute(&app.database, without).await;
            app.database.back_up();
        }
        let target = TestDatabase::new(backend).await;
        target.expect_run(&["restore", "--as-is", path(&file)]);
        target.expect_nobody_let_in().await;
        target.expect_run(&["store", "accept", "--yes"]);
        App::with(target, &ADMIN).await.admin().await;
    }
}
