//! What is kept, by whom and when.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::accepted;
use crate::support::program::Server;
use crate::support::{ADMIN, App, Backend, on_both_databases};

on_both_databases!(
    what_a_change_takes_away_is_on_the_disk_when_it_is_answered,
    what_was_disabled_and_enabled_again_works_everywhere,
    a_rotation_that_is_undone_leaves_the_old_key_good,
    a_change_of_another_process_is_kept_when_it_is_followed,
    of_two_keys_with_one_digest_the_other_goes_on,
);

fn lines(app: &App, word: &str) -> usize {
    let text = fs::read_to_string(app.database.seen()).unwrap();
    text.lines().filter(|line| line.starts_with(&format!("{word} "))).count()
}

async fn what_a_change_takes_away_is_on_the_disk_when_it_is_answered(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let mode = fs::metadata(app.database.seen()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(app.state.keys.watermark().met().is_none(), "the store is new");
    let (id, _) = admin.create_key(&json!({ "name": "n" })).await;
    assert_eq!(lines(&app, "revoked"), 0);
    admin.rotated_key(&id, 0).await;
    assert_eq!(lines(&app, "revoked"), 1);
    admin.rotated_key(&id, 3_600).await;
    assert_eq!(lines(&app, "revoked"), 1);
    // A second rotation ends the overlap of the first.
    admin.rotated_key(&id, 3_600).await;
    assert_eq!(lines(&app, "revoked"), 2);
    admin.delete(&format!("/api/keys/{id}/overlap")).await.expect(200);
    assert_eq!(lines(&app, "revoked"), 3);
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "enabled": false })).await.expect(200);
    assert_eq!((lines(&app, "disabled"), lines(&app, "enabled")), (1, 0));
    admin.patch(&path, &json!({ "enabled": true })).await.expect(200);
    assert_eq!((lines(&app, "disabled"), lines(&app, "enabled")), (1, 1));
    admin.delete(&path).await.expect(200);
    assert_eq!(lines(&app, "revoked"), 4);
    let text = fs::read_to_string(app.database.seen()).unwrap();
    assert!(text.lines().last().unwrap().starts_with("at "), "{text}");
}

async fn what_was_disabled_and_enabled_again_works_everywhere(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let path = format!("/api/keys/{id}");
    for enabled in [false, true, false, true] {
        admin.patch(&path, &json!({ "enabled": enabled })).await.expect(200);
        other.state.keys.refresh().await.unwrap();
        assert_eq!((app.accepts(&key).await, other.accepts(&key).await), (enabled, enabled));
        let started = app.sibling().await;
        assert_eq!(started.accepts(&key).await, enabled);
    }
    // By the command line, and while no server ran.
    admin.patch(&path, &json!({ "enabled": false })).await.expect(200);
    let database = app.database.shared();
    drop((app, other));
    let app = App::with(database, &[]).await;
    app.admin().await.patch(&path, &json!({ "enabled": true })).await.expect(200);
    assert!(app.accepts(&key).await);
}

async fn a_rotation_that_is_undone_leaves_the_old_key_good(backend: Backend) {
    use keyward::audit::Actor;
    use std::time::Duration;

    let app = App::start(backend).await;
    let other = app.sibling().await;
    let (id, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    other.state.keys.refresh().await.unwrap();
    let (keys, actor) = (&app.state.keys, Actor::command_line());
    let (_, new, replaced) = keys.replace(id, Duration::ZERO, &actor).await.unwrap();
    other.state.keys.refresh().await.unwrap();
    assert!(!other.accepts(&key).await && other.accepts(new.expose()).await);
    keys.put_back(replaced, &actor).await.unwrap();
    other.state.keys.refresh().await.unwrap();
    for server in [&app, &other, &app.sibling().await] {
        assert!(server.accepts(&key).await && !server.accepts(new.expose()).await);
    }
}

async fn a_change_of_another_process_is_kept_when_it_is_followed(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let (_, disabled) = admin.create_key(&json!({ "name": "d" })).await;
    // A server on another machine has a folder of its own.
    let folder = app.database.folder().join("other");
    fs::create_dir(&folder).unwrap();
    let variables = [("KEYWARD_STATE_DIR", folder.to_str().unwrap())];
    let other = App::with(app.database.shared(), &variables).await;
    assert!(other.state.keys.watermark().met().is_some(), "it has not seen this store");
    assert_eq!(accepted(&other, [key.as_str(), &disabled]), 2);
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    other.state.keys.refresh().await.unwrap();
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let revoked = || fs::read_to_string(&file).unwrap().matches("revoked ").count();
    assert_eq!(revoked(), 1);
    // What cannot be kept is not counted as followed.
    fs::set_permissions(&folder, Permissions::from_mode(0o500)).unwrap();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let id = admin.keys().await[0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    other.state.keys.refresh().await.unwrap_err();
    assert!(!other.accepts(&disabled).await, "but it holds");
    other.anonymous().get("/readyz").await.expect(503);
    fs::remove_dir(&file).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    other.state.keys.refresh().await.unwrap();
    assert_eq!(revoked(), 2);
}

async fn of_two_keys_with_one_digest_the_other_goes_on(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let sql = format!(
        "INSERT INTO settings (id, type, key, value) \
         SELECT 'z', type, 'copy', value FROM settings WHERE id = '{id}'"
    );
    app.execute(&sql).await;
    app.accept().await;
    app.state.keys.refresh().await.unwrap();
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    assert!(app.accepts(&key).await && app.sibling().await.accepts(&key).await);
    assert_eq!(lines(&app, "revoked"), 0);
    admin.delete("/api/keys/z").await.expect(200);
    assert!(!app.accepts(&key).await);
    assert_eq!(lines(&app, "revoked"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_has_kept_what_it_answered() {
    let database = crate::support::TestDatabase::new(Backend::Sqlite).await;
    let mut server = Server::start(&database, &ADMIN);
    let mut gone = Vec::new();
    for round in 0..5_u64 {
        server.client.sign_in().await;
        let mut ids = Vec::new();
        for n in 0..40 {
            let name = json!({ "name": format!("{round} {n}") });
            ids.push(server.client.create_key(&name).await);
        }
        let (client, address) = (&server.client, server.address);
        let delete = async {
            for (id, key) in &ids {
                client.delete(&format!("/api/keys/{id}")).await.expect(200);
                gone.push(key.clone());
            }
        };
        let kill = tokio::time::sleep(std::time::Duration::from_millis(20 + 37 * round));
        tokio::select! {
            () = delete => (),
            () = kill => (),
        }
        assert_eq!(server.address, address);
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        // Whole but for its end, which the next start cuts off.
        let digests = gone.iter().map(|key| keyward_core::digest::KeyDigest::of(key).to_hex());
        let text = fs::read_to_string(database.seen()).unwrap();
        assert!(digests.clone().all(|digest| text.contains(&format!("revoked {digest}"))));
        server = Server::start(&database, &[]);
    }
    assert!(gone.len() > 20, "too few to show anything");
    assert_eq!(server.stop().0, 0);
}
