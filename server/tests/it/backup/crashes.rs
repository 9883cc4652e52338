//! Backups and restores that are killed, or find the disk full.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::path;
use crate::support::{Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_killed_backup_leaves_the_old_file_or_the_new,
    a_killed_restore_leaves_nothing_or_everything,
    a_full_disk_leaves_the_backup_of_before,
    nothing_is_left_where_it_was_looked_through,
);

/// Kills of each kind. They come at moments of their own, spread over the time that one takes.
const KILLS: u32 = 5;

/// A store with enough in it that writing it takes a moment.
async fn store(backend: Backend) -> TestDatabase {
    let database = TestDatabase::new(backend).await;
    database.expect_run(&["migrate"]);
    let db = database.connect().await;
    let rows = (0..8_000).map(|n| format!("('{n}', 'theme', '{n}', 'dark')"));
    let rows = rows.collect::<Vec<_>>().join(",");
    let sql = format!("INSERT INTO settings (id, type, key, value) VALUES {rows}");
    sea_orm::ConnectionTrait::execute_unprepared(&db, &sql).await.unwrap();
    db.close().await.unwrap();
    database.expect_run(&["keys", "create", "--name", "a"]);
    database
}

/// Runs a command to its end, for how long that takes, and then kills it at moments up to there.
fn kill_while(take: impl Fn() -> Command, look: impl Fn(u32)) {
    let start = std::time::Instant::now();
    assert!(take().output().unwrap().status.success());
    let whole = start.elapsed();
    for n in 0..KILLS {
        let mut child = take().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * n / KILLS + Duration::from_millis(2));
        child.kill().unwrap();
        child.wait().unwrap();
        look(n);
    }
}

async fn a_killed_backup_leaves_the_old_file_or_the_new(backend: Backend) {
    let database = store(backend).await;
    let file = database.back_up();
    kill_while(
        || database.command(&["backup", path(&file)]),
        |_| {
            database.expect_run(&["backup", "verify", path(&file)]);
        },
    );
    // The next one takes away what those left.
    database.back_up();
    assert_eq!(partial(&database), 0);
}

async fn a_killed_restore_leaves_nothing_or_everything(backend: Backend) {
    let database = store(backend).await;
    let file = database.back_up();
    let mut targets = Vec::new();
    for _ in 0..=KILLS {
        targets.push(TestDatabase::new(backend).await);
    }
    let next = std::cell::Cell::new(0);
    let take = || {
        let target = &targets[next.replace(next.get() + 1)];
        target.command(&["restore", path(&file)])
    };
    kill_while(take, |n| {
        let target = &targets[n as usize + 1];
        // PostgreSQL ends the transaction when it sees that the connection is gone.
        let (code, _, error) = target.run(&["restore", path(&file)]);
        assert!(code == 0 || error.contains("something in the store already"), "{error}");
        target.expect_run(&["store", "check"]);
        let themes = target.expect_run(&["keys", "list", "--json"]);
        assert!(themes.contains("\"a\""), "{themes}");
    });
}

async fn a_full_disk_leaves_the_backup_of_before(backend: Backend) {
    let database = store(backend).await;
    let file = database.back_up();
    let before = fs::read(&file).unwrap();
    // In blocks of 512 bytes: the file has more.
    let limited = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" backup \"$1\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", limited, env!("CARGO_BIN_EXE_keyward"), path(&file)])
        .env_clear()
        .envs(database.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = command.output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{error}");
    assert!(error.contains("File too large"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(partial(&database), 0);
}

/// Files that were not finished.
fn partial(database: &TestDatabase) -> usize {
    let names = fs::read_dir(database.folder()).unwrap().map(|found| found.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains("partial")).count()
}

async fn nothing_is_left_where_it_was_looked_through(backend: Backend) {
    let database = store(backend).await;
    let file = database.back_up();
    let folder = database.folder().join("tmp");
    fs::create_dir(&folder).unwrap();
    let left = || fs::read_dir(&folder).unwrap().count();
    let verify = || {
        let mut command = database.command(&["backup", "verify", path(&file)]);
        command.env("TMPDIR", &folder);
        command
    };
    assert!(verify().output().unwrap().status.success());
    assert_eq!(left(), 0);
    for signal in ["-INT", "-TERM"] {
        let mut child = verify().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while left() == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        // It may have been through already.
        child.wait().unwrap().code().expect("it ends by itself");
        assert_eq!(left(), 0, "{signal}");
    }
    // A full disk there says nothing of the backup.
    let limited = "trap '' XFSZ; ulimit -f 512; exec \"$0\" backup verify \"$1\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", limited, env!("CARGO_BIN_EXE_keyward"), path(&file)])
        .env_clear()
        .envs(verify().get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = command.output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{error}");
    assert!(error.contains("TMPDIR") && !error.contains("damaged"), "{error}");
    assert_eq!(left(), 0);
}
