//! What comes back, on either kind of database.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use keyward_api::roles::Role;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::path;
use crate::support::pooler::Pooler;
use crate::support::program::Server;
use crate::support::{ADMIN, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    everything_is_restored_into_either_kind_but_who_had_access,
    a_backup_is_of_one_moment_while_a_server_writes,
    only_an_empty_store_is_restored_into,
);

async fn everything_is_restored_into_either_kind_but_who_had_access(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "rotated" })).await;
    let key = admin.rotated_key(&id, 0).await;
    let (_, asking) =
        admin.create_key(&json!({ "name": "resolver", "scopes": ["providers:resolve"] })).await;
    admin.add_secret("TOKEN", "planted-secret").await.expect(200);
    admin.set_provider("openai", "planted-provider-key").await.expect(200);
    admin.set_provider("openai/models/gpt-5", "planted-model-key").await.expect(200);
    app.person("grace@example.com", Role::Editor).await;
    let invited = admin.invite("joan@example.com", Role::Viewer).await;
    admin.rotate_data_key().await.expect(200);
    app.execute("INSERT INTO settings (id, type, key, value) VALUES ('theme', 'theme', 'a', 'b')")
        .await;

    let file = app.database.back_up();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    for planted in ["planted-secret", "planted-provider-key", "planted-model-key", &*key] {
        assert!(!text.contains(planted), "{planted}");
    }
    let logged = admin.audit_log("&action=store.backup").await;
    assert_eq!(logged[0]["target"], path(&file));
    let out = app.database.expect_run(&["backup", "verify", path(&file)]);
    assert!(out.contains("2 keys, 1 secret, 1 provider, 2 people"), "{out}");

    for other in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::new(other).await;
        let out = database.expect_run(&["restore", path(&file)]);
        assert!(out.contains("3 sessions ended, 1 invitation taken back"), "{out}");
        database.expect_nobody_let_in().await;
        database.expect_run(&["store", "check"]);
        database.expect_run(&["audit", "verify"]);
        let restored = App::with(database, &[]).await;
        assert!(restored.accepts(&key).await && restored.accepts(&asking).await);
        let resolved = restored.anonymous().get_as(&asking, "/api/resolve?provider=openai").await;
        assert_eq!(resolved.expect(200).data()["value"], "planted-provider-key");
        let question = "/api/resolve?provider=openai&model=gpt-5";
        let resolved = restored.anonymous().get_as(&asking, question).await;
        assert_eq!(resolved.expect(200).data()["value"], "planted-model-key");
        restored.anonymous().accept_invitation(&invited).await.expect(401);
        let again = restored.admin().await;
        assert_eq!(again.secret("TOKEN").await, "planted-secret");
        assert_eq!(again.user("grace@example.com").await["role"], "editor");
        assert_eq!(again.verify_log().await["valid"], true);
        assert_eq!(again.audit_log("&action=store.restore").await[0]["target"], path(&file));
        let theme = restored.database.expect_run(&["store", "check"]);
        assert!(theme.contains("everything"), "{theme}");
        // Changes go on from there.
        again.create_key(&json!({ "name": "after" })).await;
        again.rotate_data_key().await.expect(200);
        // And once more.
        let twice = restored.database.back_up();
        restored.database.expect_run(&["backup", "verify", path(&twice)]);
    }
}

async fn a_backup_is_of_one_moment_while_a_server_writes(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    server.client.sign_in().await;
    let write = async {
        for n in 0.. {
            let body = json!({ "name": format!("key {n}") });
            server.client.post("/api/keys", &body).await.expect(200);
            let body = json!({ "key": format!("SECRET_{n}"), "value": "v" });
            server.client.post("/api/secrets", &body).await.expect(200);
        }
    };
    let shared = database.shared();
    let back_up = tokio::task::spawn_blocking(move || {
        for _ in 0..4 {
            let file = shared.back_up();
            shared.expect_run(&["backup", "verify", path(&file)]);
        }
    });
    tokio::select! {
        () = write => unreachable!("it never ends"),
        done = back_up => done.unwrap(),
    }
}

async fn only_an_empty_store_is_restored_into(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    database.expect_run(&["migrate"]);
    database.expect_run(&["keys", "create", "--name", "a"]);
    let file = database.back_up();
    database.expect_run(&["keys", "create", "--name", "b"]);
    let (code, _, error) = database.run(&["restore", path(&file)]);
    assert!(code == 1 && error.contains("there is something in the store already"), "{error}");
    let names = database.expect_run(&["keys", "list", "--json"]);
    assert!(names.contains("\"a\"") && names.contains("\"b\""), "{names}");
    // One that was migrated, and no more.
    let empty = TestDatabase::new(backend).await;
    empty.expect_run(&["migrate"]);
    empty.expect_run(&["restore", path(&file)]);
    let (code, _, _) = empty.run(&["restore", path(&file)]);
    assert_eq!(code, 1, "it is there now");
    empty.expect_run(&["store", "check"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_behind_a_pooler_is_backed_up_and_restored() {
    let (_pooler, database) = Pooler::start("").await;
    database.expect_run(&["migrate"]);
    database.expect_run(&["keys", "create", "--name", "a"]);
    let rows = (0..6_000).map(|n| format!("('{n}', 'theme', '{n}', 'dark')"));
    let rows = rows.collect::<Vec<_>>().join(",");
    let db = database.connect().await;
    let sql = format!("INSERT INTO settings (id, type, key, value) VALUES {rows}");
    db.execute_unprepared(&sql).await.unwrap();
    db.close().await.unwrap();
    let file = database.back_up();
    let (_pooler, target) = Pooler::start("").await;
    target.expect_run(&["restore", path(&file)]);
    target.expect_run(&["store", "check"]);
    target.expect_run(&["backup", path(&file)]);
    target.expect_run(&["backup", "verify", path(&file)]);
}
