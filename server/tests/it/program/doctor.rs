//! `keyward doctor`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::support::{ADMIN, App, Backend, ROOT_KEY, TestDatabase, on_both_databases};

on_both_databases!(
    an_installation_without_a_fault_is_said_to_be,
    each_fault_is_named_and_fails,
    it_makes_nothing_that_is_not_there,
);

const OTHER_ROOT: &str = "X7HCqXcz4I1EGf5rIDjRxJoOV/NsuIEtkEXqF8N2Ww8=";

/// Runs it with these variables as well: its exit code, and each line.
fn examine(database: &TestDatabase, variables: &[(&str, &str)]) -> (i32, Vec<[String; 3]>) {
    let mut command = database.command(&["doctor", "--json"]);
    let done = command.envs(variables.iter().copied()).output().unwrap();
    let checks: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let lines = checks.iter().map(|it| ["check", "level", "message"].map(|name| text(it, name)));
    (done.status.code().unwrap(), lines.collect())
}

/// The lines that are not `ok`, each with its level, what it is about and how it begins.
#[track_caller]
fn expect(found: &(i32, Vec<[String; 3]>), code: i32, wanted: &[(&str, &str, &str)]) {
    let bad: Vec<_> = found.1.iter().filter(|[_, level, _]| level != "ok").collect();
    let fits = |([check, level, message], (l, c, m)): (&&[String; 3], &(&str, &str, &str))| {
        (level, check) == (&(*l).to_owned(), &(*c).to_owned()) && message.contains(m)
    };
    let all = bad.len() == wanted.len() && bad.iter().zip(wanted).all(fits);
    assert!(all && found.0 == code, "{} {bad:#?}", found.0);
}

/// With files that the program made, for itself alone.
async fn start(backend: Backend) -> App {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    App::with(database, &ADMIN).await
}

const NO_BACKUP: (&str, &str, &str) = ("warning", "backup", "none is known");
const KEEP: (&str, &str, &str) = ("warning", "keys and people", "Copy SECRETS_ENCRYPTION_KEY");
const ONE_ADMIN: (&str, &str, &str) = ("notice", "keys and people", "Only ada@example.com");

async fn an_installation_without_a_fault_is_said_to_be(backend: Backend) {
    let app = start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("TOKEN", "planted").await.expect(200);
    expect(&examine(&app.database, &[]), 0, &[NO_BACKUP, KEEP, ONE_ADMIN]);
    let file = app.database.folder().join("backup");
    assert_eq!(app.database.run(&["backup", file.to_str().unwrap()]).0, 0);
    let found = examine(&app.database, &[]);
    expect(&found, 0, &[KEEP, ONE_ADMIN]);
    let looked_at: Vec<&str> = found.1.iter().map(|[check, ..]| check.as_str()).collect();
    for check in ["configuration", "files", "address", "database", "schema", "root key", "rows"] {
        assert!(looked_at.contains(&check), "{check}: {looked_at:?}");
    }
    let (code, table, _) = app.database.run(&["doctor"]);
    assert!(code == 0 && table.contains("ok       root key"), "{table}");
    assert!(!table.contains("planted"));
}

async fn each_fault_is_named_and_fails(backend: Backend) {
    let app = start(backend).await;
    assert_eq!(app.database.run(&["keys", "create", "--name", "a"]).0, 0);
    let around = [NO_BACKUP, KEEP, ONE_ADMIN];
    let with = |first: &[(&'static str, &'static str, &'static str)]| [first, &around].concat();

    let wrong = examine(&app.database, &[("KEYWARD_BIND", "nowhere")]);
    expect(&wrong, 1, &[("failure", "configuration", "KEYWARD_BIND")]);
    let plain = examine(&app.database, &[("KEYWARD_PUBLIC_URL", "http://keys.example")]);
    expect(&plain, 0, &with(&[("warning", "address", "plain http")]));
    let file = app.database.folder().join("root-key");
    fs::write(&file, ROOT_KEY).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let named = [("SECRETS_ENCRYPTION_KEY", ""), ("SECRETS_ENCRYPTION_KEY_FILE", path(&file))];
    expect(&examine(&app.database, &named), 0, &with(&[("warning", "files", "chmod 600")]));
    let other = examine(&app.database, &[("SECRETS_ENCRYPTION_KEY", OTHER_ROOT)]);
    expect(&other, 1, &[("failure", "root key", "")]);

    let during =
        [("SECRETS_ENCRYPTION_KEY", OTHER_ROOT), ("SECRETS_ENCRYPTION_KEY_PREVIOUS", ROOT_KEY)];
    let under_the_former = ("warning", "root key", "stored keys are under the previous one");
    // It looks, and moves nothing: with the former root key alone, all is as it was.
    expect(&examine(&app.database, &during), 0, &[under_the_former]);
    expect(&examine(&app.database, &[]), 0, &around);

    app.execute("UPDATE settings SET key = 'b' WHERE key = 'a'").await;
    app.execute("UPDATE audit_log SET actor_name = 'x' WHERE seq = 3").await;
    let altered = examine(&app.database, &[]);
    let rows = ("failure", "rows", "1 row does not hold");
    let log = ("failure", "audit log", "3");
    expect(&altered, 1, &[rows, log, NO_BACKUP, KEEP, ONE_ADMIN]);
    app.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9', 0)").await;
    expect(&examine(&app.database, &[]), 1, &[("failure", "schema", "a newer version")]);
}

async fn it_makes_nothing_that_is_not_there(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let nothing = examine(&database, &[]);
    match backend {
        Backend::Sqlite => expect(&nothing, 1, &[("failure", "database", "")]),
        Backend::Postgres => expect(&nothing, 1, &[("failure", "schema", "there is no store")]),
    }
    assert_eq!(database.run(&["migrate"]).0, 0);
    let empty = examine(&database, &ADMIN);
    let no_key = ("notice", "root key", "nothing is stored");
    expect(&empty, 0, &[no_key]);
    // The next start would end for it.
    let short = [ADMIN[0], ("KEYWARD_ADMIN_PASSWORD", "short")];
    let admin = ("failure", "first administrator", "KEYWARD_ADMIN_PASSWORD");
    expect(&examine(&database, &short), 1, &[admin, no_key]);
    let db = database.connect().await;
    let sql = "SELECT id FROM encryption_keys";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    assert!(db.query_one_raw(statement).await.unwrap().is_none());
    db.execute_unprepared("DELETE FROM seaql_migrations WHERE version LIKE 'm0014%'")
        .await
        .unwrap();
    db.close().await.unwrap();
    expect(&examine(&database, &[]), 0, &[("notice", "schema", "the next start")]);
}

fn path(file: &std::path::Path) -> &str {
    file.to_str().unwrap()
}
