//! Files that were damaged, changed, taken away, or cannot be written.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::json;

use super::text;
use crate::support::program::Server;
use crate::support::{ADMIN, App, Backend, ROOT_KEY, TestDatabase, on_both_databases};

const OTHER_ROOT: &str = "X7HCqXcz4I1EGf5rIDjRxJoOV/NsuIEtkEXqF8N2Ww8=";

on_both_databases!(
    a_file_that_was_changed_is_never_ignored,
    a_line_that_was_not_written_to_its_end_is_healed,
    the_root_key_can_be_changed,
    what_cannot_be_written_is_said_and_written_later,
    a_folder_that_is_not_there_or_takes_nothing_is_named,
    processes_that_write_at_once_lose_nothing,
    a_file_that_is_cut_off_under_a_server_is_whole_again,
);

/// A store with a key that was revoked.
async fn store(backend: Backend) -> (TestDatabase, String) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    (app.database.shared(), key)
}

async fn a_file_that_is_cut_off_under_a_server_is_whole_again(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(admin.create_key(&json!({ "name": name })).await.0);
    }
    let lines = || fs::read_to_string(app.database.seen()).unwrap().matches("revoked ").count();
    for (n, id) in ids.iter().enumerate() {
        admin.delete(&format!("/api/keys/{id}")).await.expect(200);
        assert_eq!(lines(), n + 1);
        fs::write(app.database.seen(), "").unwrap();
    }
    let (id, _) = admin.create_key(&json!({ "name": "d" })).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    assert_eq!(lines(), 4);
    Server::start(&app.database, &[]).client.get("/readyz").await.expect(200);
}

async fn a_file_that_was_changed_is_never_ignored(backend: Backend) {
    let (database, _) = store(backend).await;
    let file = database.seen();
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let without = |word: &str| {
        let kept = lines.iter().filter(|line| !line.starts_with(word));
        kept.copied().collect::<String>()
    };
    let mut swapped = lines.clone();
    let last = swapped.len() - 1;
    swapped.swap(last - 1, last);
    for changed in [
        without("revoked"),
        without("keyward-watermark"),
        swapped.concat(),
        whole.replacen("at ", "at 1", 1),
        "SQLite format 3\n".to_owned(),
        String::new(),
    ] {
        assert_ne!(changed, whole);
        fs::write(&file, &changed).unwrap();
        let error = database.refused_start();
        assert!(error.contains(text(&file)) && error.contains("store accept"), "{error}");
        let (code, _, error) = database.run(&["keys", "create", "--name", "a"]);
        assert!(code == 78 && error.contains("cannot be used"), "{error}");
        database.does(&["keys", "list"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    }
    fs::write(&file, &whole).unwrap();
    drop(App::with(database.shared(), &[]).await);
    // What can still be read of it is taken over.
    let revoked = lines.iter().find(|line| line.starts_with("revoked")).unwrap();
    let damaged = format!("{whole}more\n");
    fs::write(&file, &damaged).unwrap();
    database.refused_start();
    database.does(&["store", "accept", "--yes"]);
    let digest = revoked.split(' ').nth(1).unwrap();
    assert!(fs::read_to_string(&file).unwrap().contains(digest));
    let aside = format!("{}.unusable", file.display());
    assert_eq!(fs::read_to_string(aside).unwrap(), damaged);
    drop(App::with(database, &[]).await);
}

async fn a_line_that_was_not_written_to_its_end_is_healed(backend: Backend) {
    let (database, key) = store(backend).await;
    let file = database.seen();
    for torn in [&b"revoked 00"[..], &[0; 5_000], b"\xff"] {
        OpenOptions::new().append(true).open(&file).unwrap().write_all(torn).unwrap();
        // By a start, and by a command.
        database.does(&["keys", "create", "--name", &format!("{}", torn.len())]);
        database.does(&["keys", "delete", &format!("{}", torn.len())]);
        OpenOptions::new().append(true).open(&file).unwrap().write_all(torn).unwrap();
        let app = App::with(database.shared(), &[]).await;
        assert!(!app.accepts(&key).await);
        let lines = fs::read(&file).unwrap();
        assert!(lines.ends_with(b"\n") && !lines.contains(&0));
    }
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("revoked ").count(), 4);
}

async fn the_root_key_can_be_changed(backend: Backend) {
    let (database, key) = store(backend).await;
    let file = database.seen();
    // A wrong one is reported as one.
    let wrong = |arguments: &[&str]| {
        let mut command = database.command(arguments);
        command.env("SECRETS_ENCRYPTION_KEY", OTHER_ROOT);
        let done = command.output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    for arguments in [&["serve"][..], &["keys", "list"], &["store", "check"]] {
        let (code, error) = wrong(arguments);
        assert!(code == 78 && error.contains("is not the root key of this database"), "{error}");
    }
    let before = fs::read(&file).unwrap();
    let variables =
        [("SECRETS_ENCRYPTION_KEY", OTHER_ROOT), ("SECRETS_ENCRYPTION_KEY_PREVIOUS", ROOT_KEY)];
    let server = Server::start(&database, &variables);
    assert!(!server.client.accepts(&key).await);
    assert_eq!(server.stop().0, 0);
    assert_ne!(fs::read(&file).unwrap(), before);
    let server = Server::start(&database, &variables[..1]);
    assert_eq!(server.stop().0, 0);
    // A machine that was away meanwhile needs the former one for a start.
    fs::write(&file, &before).unwrap();
    let (code, error) = wrong(&["serve"]);
    assert!(code == 78 && error.contains("SECRETS_ENCRYPTION_KEY_PREVIOUS"), "{error}");
    let server = Server::start(&database, &variables);
    assert_eq!(server.stop().0, 0);
    let server = Server::start(&database, &variables[..1]);
    assert_eq!(server.stop().0, 0);
}

async fn what_cannot_be_written_is_said_and_written_later(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let client = &server.client;
    client.sign_in().await;
    let (id, key) = client.create_key(&json!({ "name": "n" })).await;
    let file = database.seen();
    let aside = database.folder().join("aside");
    // In its place is a folder, which even root cannot write to.
    fs::rename(&file, &aside).unwrap();
    fs::create_dir(&file).unwrap();
    let refused = client.delete(&format!("/api/keys/{id}")).await.expect(503);
    assert_eq!(refused.body()["code"], "watermark_unwritable");
    // It is revoked all the same.
    client.verify(&key).await.expect(401);
    assert_eq!(client.keys().await, json!([]));
    client.get("/readyz").await.expect(503);
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    for _ in 0..100 {
        if client.get("/readyz").await.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    client.get("/readyz").await.expect(200);
    assert!(fs::read_to_string(&file).unwrap().contains("revoked "));
    // One that was removed is made again.
    fs::remove_file(&file).unwrap();
    let (id, _) = client.create_key(&json!({ "name": "m" })).await;
    client.delete(&format!("/api/keys/{id}")).await.expect(200);
    assert_eq!(fs::read_to_string(&file).unwrap().matches("revoked ").count(), 2);
    let (code, log) = server.stop();
    assert!(code == 0 && log.contains("was removed or cut off, and is made again"), "{log}");
    drop(App::with(database, &[]).await);
}

async fn a_folder_that_is_not_there_or_takes_nothing_is_named(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let refused = |folder: &str| {
        let mut command = database.command(&["serve"]);
        let done = command.env("KEYWARD_STATE_DIR", folder).output().unwrap();
        let error = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(78) && error.contains("KEYWARD_STATE_DIR"), "{error}");
    };
    let missing = database.folder().join("missing");
    refused(text(&missing));
    assert!(!missing.exists(), "what should be mounted there is not made");
    let file = database.folder().join("file");
    fs::write(&file, "").unwrap();
    refused(text(&file));
    refused("/proc/self");
    let folder = database.state_dir();
    if is_bound_by_permissions(folder) {
        fs::set_permissions(folder, Permissions::from_mode(0o500)).unwrap();
        refused(text(folder));
        fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
    }
    // Nothing was made of the store.
    let server = Server::start(&database, &ADMIN);
    assert_eq!(server.stop().0, 0);
}

/// Root is not.
fn is_bound_by_permissions(folder: &std::path::Path) -> bool {
    let probe = folder.join("probe");
    fs::create_dir(&probe).unwrap();
    fs::set_permissions(&probe, Permissions::from_mode(0o500)).unwrap();
    let is_bound = fs::write(probe.join("x"), "").is_err();
    fs::remove_dir_all(probe).unwrap();
    is_bound
}

async fn processes_that_write_at_once_lose_nothing(backend: Backend) {
    const EACH: usize = 12;
    let database = TestDatabase::new(backend).await;
    let servers = [Server::start(&database, &ADMIN), Server::start(&database, &[])];
    let mut keys = Vec::new();
    let admin = &servers[0].client;
    admin.sign_in().await;
    for n in 0..3 * EACH {
        keys.push(admin.create_key(&json!({ "name": format!("k{n}") })).await);
    }
    let second = admin.at(servers[1].address);
    second.sign_in().await;
    let by_server = |client, keys: &[(String, String)]| {
        let ids: Vec<String> = keys.iter().map(|(id, _)| id.clone()).collect();
        async move {
            for id in ids {
                let client: &crate::support::Client = client;
                client.delete(&format!("/api/keys/{id}")).await.expect(200);
            }
        }
    };
    let commands = database.shared();
    let names: Vec<String> = (2 * EACH..3 * EACH).map(|n| format!("k{n}")).collect();
    let by_command = tokio::task::spawn_blocking(move || {
        for name in names {
            commands.does(&["keys", "delete", &name]);
        }
    });
    let ((), (), done) = tokio::join!(
        by_server(admin, &keys[..EACH]),
        by_server(&second, &keys[EACH..2 * EACH]),
        by_command
    );
    done.unwrap();
    for server in servers {
        assert_eq!(server.stop().0, 0);
    }
    let text = fs::read_to_string(database.seen()).unwrap();
    for (_, key) in &keys {
        let digest = keyward_core::digest::KeyDigest::of(key).to_hex();
        assert!(text.contains(&format!("revoked {digest}")), "{text}");
    }
    drop(App::with(database, &[]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_whole_lines() {
    let (database, _) = store(Backend::Postgres).await;
    let file = database.seen();
    database.does(&["keys", "create", "--name", "a"]);
    // In blocks of 512 bytes: less than the file already has, or a part of the next line.
    let before = fs::read_to_string(&file).unwrap();
    let limited = "trap '' XFSZ; ulimit -f \"$1\"; exec \"$0\" keys delete a";
    let mut command = Command::new("sh");
    let blocks = before.len() / 512;
    command
        .args(["-c", limited, env!("CARGO_BIN_EXE_keyward"), &blocks.to_string()])
        .env_clear()
        .envs(database.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null());
    let done = command.output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() == Some(1) && error.contains("KEYWARD_STATE_DIR"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert!(!database.does(&["keys", "list"]).contains(" a "), "but it is deleted");
}
