//! Anyone who can write to the database gains nothing: rows that were changed, added, put back or
//! taken away outside of Keyward.

use std::collections::BTreeSet;
use std::sync::Arc;

use keyward::audit::{Action, Actor};
use keyward::authenticity::scan::{self, Row};
use keyward::authenticity::store as sets;
use keyward::authenticity::tables::{AuthenticatedTable, OTHERS, TABLES};
use keyward::config::{Config, Flags};
use keyward::database::StoreError;
use keyward::encryption::error::UnlockError;
use keyward::encryption::key_set::KeySetError;
use keyward::keys::error::KeyError;
use keyward::keys::new_key::KeyChange;
use keyward::keys::rows::KeyRows;
use keyward::serve::{self, StartError};
use keyward::session::entity::invitations;
use keyward_api::roles::Role;
use keyward_core::digest::KeyDigest;
use keyward_core::set::{SetName, SetState};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, Statement};
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, EMAIL, PASSWORD, ROOT_KEY, on_both_databases};

on_both_databases!(
    every_table_and_column_is_listed,
    a_change_of_any_column_is_found,
    a_key_that_was_inserted_is_never_accepted,
    a_key_whose_row_was_changed_is_listed_as_altered_and_refused,
    an_altered_key_is_not_made_good_by_a_change,
    a_key_that_was_deleted_and_put_back_is_never_accepted,
    a_key_that_was_taken_out_stays_as_it_was_known,
    a_session_that_was_inserted_is_nobodys,
    a_session_that_was_ended_and_put_back_is_nobodys,
    a_session_that_is_said_to_have_been_used_is_nobodys,
    a_value_with_columns_of_another_layout_beside_it_does_not_open,
    an_erased_key_with_another_root_key_stops_a_start,
    a_user_with_another_password_cannot_sign_in,
    a_role_that_was_raised_is_not_believed,
    an_invitation_that_was_added_altered_or_put_back_opens_nothing,
    setup_is_not_opened_by_deleting_the_users,
    a_set_that_does_not_hold_is_reported_everywhere_and_recorded_once,
    what_is_accepted_by_hand_counts,
    a_stranger_is_deleted_and_the_others_stay,
    an_altered_provider_gives_out_nothing,
    an_earlier_row_of_a_key_is_not_made_good_by_a_change,
    a_change_that_another_process_made_is_not_undone,
    odd_rows_stop_nobody,
    a_change_that_did_not_commit_leaves_no_trace_in_the_log,
);

async fn texts(app: &App, sql: &str) -> Vec<String> {
    let db = &app.state.db;
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    rows.unwrap().iter().map(|row| row.try_get("", "t").unwrap()).collect()
}

async fn with_key(app: &App, key: &str, path: &str) -> u16 {
    app.anonymous().get_as(key, path).await.status
}

async fn with_session(app: &App, token: &str, path: &str) -> u16 {
    let cookie = format!("keyward_session_{}={token}", app.address.port());
    app.anonymous().get_with(path, &[("cookie", cookie.as_bytes())]).await.status
}

async fn tables(app: &App) -> Vec<String> {
    texts(
        app,
        match app.database.backend {
            Backend::Sqlite => {
                "SELECT name AS t FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Backend::Postgres => {
                "SELECT table_name::text AS t FROM information_schema.tables \
                 WHERE table_schema = 'public'"
            }
        },
    )
    .await
}

async fn columns(app: &App, table: &str) -> Vec<String> {
    texts(
        app,
        &match app.database.backend {
            Backend::Sqlite => format!("SELECT name AS t FROM pragma_table_info('{table}')"),
            Backend::Postgres => format!(
                "SELECT column_name::text AS t FROM information_schema.columns \
                 WHERE table_name = '{table}'"
            ),
        },
    )
    .await
}

/// What a start on this database says.
async fn start(app: &App) -> Result<(), StartError> {
    let env = |name: &str| match name {
        "SECRETS_ENCRYPTION_KEY" => Some(ROOT_KEY.to_owned()),
        "DATABASE_URL" => Some(app.database.url.clone()),
        "KEYWARD_STATE_DIR" => Some(app.database.state_dir().display().to_string()),
        _ => None,
    };
    let config = Config::load(&Flags::default(), &env).unwrap();
    serve::prepare(&config, app.clock.clone(), app.address).await.map(drop)
}

async fn expect_no_start(app: &App) {
    let refused = start(app).await;
    let Err(
        error @ (StartError::Store(StoreError::Altered(_))
        | StartError::Locked(UnlockError::PutBack(_))),
    ) = refused
    else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains("keyward store"), "{error}");
}

async fn expect_store_altered(app: &App) {
    let answer = app.anonymous().get("/readyz").await;
    assert_eq!((answer.status, &answer.body()["code"]), (503, &json!("store_altered")));
}

/// The text of a key that nobody made, and what its row would have.
fn forged(scopes: &Value) -> (String, String) {
    let key = "kw_forged-by-somebody-who-writes-to-the-database";
    let value = json!({
        "key_prefix": "kw_forge", "key_hash": KeyDigest::of(key).to_hex(), "scopes": scopes,
        "enabled": true,
    });
    (key.to_owned(), value.to_string())
}

/// One of each kind of row.
async fn filled(app: &App) -> Client {
    let admin = app.admin().await;
    admin.create_key(&json!({ "name": "a" })).await;
    let provider = json!({ "value": "sk-planted", "baseUrl": "https://api.example", "note": "n" });
    admin.put_provider("openai", &provider).await.expect(200);
    let model = json!({ "value": "sk-planted" });
    admin.put_provider("openai/models/gpt", &model).await.expect(200);
    invite(app).await;
    admin
}

/// An invitation of the installation, as one that the routes make.
async fn invite(app: &App) {
    let now = app.clock.now();
    let invitation = invitations::Model {
        id: uuid::Uuid::now_v7().into(),
        token_hash: "ab".repeat(32),
        email: "bob@example.com".to_owned(),
        role: "viewer".to_owned(),
        created_by: "ada@example.com".to_owned(),
        created_at: now,
        expires_at: now + time::Duration::hours(72),
        mac: None,
    };
    let row = invitations::Entity::insert(invitation.into_active_model());
    row.exec_without_returning(&app.state.db).await.unwrap();
    app.accept().await;
}

async fn every_table_and_column_is_listed(backend: Backend) {
    let app = App::start(backend).await;
    let listed: BTreeSet<&str> =
        TABLES.iter().map(|table| table.name).chain(OTHERS.map(|(name, _)| name)).collect();
    let stored = tables(&app).await;
    assert_eq!(stored.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed);
    for table in TABLES {
        let columns = columns(&app, table.name).await;
        let has = |name: &str| columns.iter().any(|column| column == name);
        assert!(has("mac") && has(table.id), "{columns:?}");
        assert!(table.free.iter().all(|(name, _)| has(name)), "{columns:?}");
    }
}

/// SQL that gives a column of a row another value of its type.
fn other_value(backend: Backend, column: &str) -> String {
    match (backend, column) {
        (Backend::Postgres, "created_at" | "updated_at" | "expires_at" | "last_seen_at") => {
            format!("{column} + interval '1 second'")
        }
        (Backend::Sqlite, "created_at" | "updated_at" | "expires_at" | "last_seen_at") => {
            "'2031-01-01 00:00:00+00:00'".to_owned()
        }
        // Must name a user.
        (_, "user_id") => "'00000000-0000-7000-8000-000000000000'".to_owned(),
        (Backend::Postgres, "seen_mac") => "'\\x00'".to_owned(),
        (Backend::Postgres, "is_disabled" | "is_email_verified") => format!("NOT {column}"),
        (_, "is_disabled" | "is_email_verified" | "totp_step") => "1".to_owned(),
        _ if column == "id" || column == "token_hash" => format!("substr({column}, 2) || '0'"),
        _ => format!("substr(coalesce({column}, 'ab'), 2) || 'x'"),
    }
}

async fn find(app: &App, table: &AuthenticatedTable) -> Vec<Row> {
    scan::after(&app.state.db, &app.state.rows, table, "").await.unwrap()
}

async fn a_change_of_any_column_is_found(backend: Backend) {
    let app = App::start(backend).await;
    filled(&app).await;
    let other_user = "INSERT INTO users (id, email, password_hash, created_at) VALUES \
        ('00000000-0000-7000-8000-000000000000', 'eve@example.com', 'x', '2026-01-01 00:00:00+00:00')";
    for table in TABLES {
        let AuthenticatedTable { name, id, free, .. } = table;
        for column in columns(&app, name).await {
            let rows = find(&app, &table).await;
            assert!(!rows.is_empty() && rows.iter().all(Row::is_ours), "{name}");
            let is_seen = name == "sessions" && ["last_seen_at", "seen_mac"].contains(&&*column);
            let is_free = free.iter().any(|(free, _)| *free == column) && !is_seen;
            if column == "mac" || is_free {
                continue;
            }
            if column == "user_id" {
                app.execute(other_user).await;
            }
            app.execute(&format!("CREATE TABLE kept AS SELECT * FROM {name}")).await;
            let value = other_value(backend, &column);
            if name == "users" && column == id {
                // Sessions would go with it.
                app.execute("DELETE FROM sessions").await;
            }
            app.execute(&format!("UPDATE {name} SET {column} = {value}")).await;
            let rows = find(&app, &table).await;
            let is_found = |row: &Row| if is_seen { !row.is_seen } else { !row.is_ours() };
            assert!(rows.iter().all(is_found), "{name}.{column}");
            app.execute(&format!("DELETE FROM {name}")).await;
            app.execute(&format!("INSERT INTO {name} SELECT * FROM kept")).await;
            app.execute("DROP TABLE kept").await;
            if column == "user_id" {
                app.execute("DELETE FROM users WHERE email = 'eve@example.com'").await;
            }
        }
        if name == "users" {
            // The one whose row was there is gone with the others' changes.
            app.accept().await;
            app.admin().await;
        }
    }
}

async fn a_key_that_was_inserted_is_never_accepted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "planted").await;
    let (_, good) = admin.create_key(&json!({ "name": "good" })).await;
    let (key, value) = forged(&json!(["secrets:read"]));
    let insert = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('f', 'api_key', 'f', '{value}')"
    );
    app.execute(&insert).await;
    for announce in [
        "SELECT 1",
        "UPDATE generation SET n = n + 1 WHERE id = 1",
        "INSERT INTO key_changes (n, key_id) SELECT n, 'f' FROM generation WHERE id = 1",
        "UPDATE generation SET count = count + 1 WHERE id = 1",
        "UPDATE generation SET count = NULL, sum = NULL, mac = NULL WHERE id = 1",
        "DELETE FROM generation WHERE id = 1",
    ] {
        app.execute(announce).await;
        let _ = app.state.keys.refresh().await;
        app.verify(&key).await.expect(401);
        app.verify(&good).await.expect(200);
        assert_eq!(with_key(&app, &key, "/api/secrets/A").await, 401, "{announce}");
        if announce == "SELECT 1" {
            // The stranger is left out of the set: others go on, also after another start.
            let again = app.sibling().await;
            again.verify(&key).await.expect(401);
            again.verify(&good).await.expect(200);
        } else {
            expect_no_start(&app).await;
        }
    }
    let listed = admin.get("/api/keys/f").await.expect(200).data();
    assert_eq!((&listed["altered"], &listed["unreadable"]), (&json!(true), &json!(true)));
}

async fn a_key_whose_row_was_changed_is_listed_as_altered_and_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "narrow", "scopes": ["a:b"] })).await;
    let (_, other) = admin.create_key(&json!({ "name": "other" })).await;
    app.execute(
        "UPDATE settings SET value = replace(value, 'a:b', 'secrets:read') WHERE key = 'narrow'",
    )
    .await;
    // The set is the same: others go on, also after another start.
    let again = app.sibling().await;
    again.verify(&key).await.expect(401);
    again.verify(&other).await.expect(200);
    let there = again.admin().await;
    let altered = there.get("/api/keys?status=altered").await.expect(200).data();
    assert_eq!((&altered[0]["id"], &altered[0]["altered"]), (&json!(id), &json!(true)));
    let metrics = again.anonymous().get("/metrics").await.expect(200).text;
    assert!(metrics.contains("keyward_keys{status=\"altered\"} 1\n"), "{metrics}");
    there.delete(&format!("/api/keys/{id}")).await.expect(200);
    start(&app).await.unwrap();
}

async fn an_altered_key_is_not_made_good_by_a_change(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a", "scopes": ["a:b"] })).await;
    app.execute("UPDATE settings SET value = replace(value, 'a:b', 'secrets:read')").await;
    let path = format!("/api/keys/{id}");
    for answer in [
        admin.patch(&path, &json!({ "name": "b" })).await,
        admin.post(&format!("{path}/rotate"), &json!({ "graceSeconds": 60 })).await,
    ] {
        assert_eq!((answer.status, &answer.body()["code"]), (409, &json!("key_altered")));
    }
    // What was loaded before works on, with what it could do before.
    app.verify(&key).await.expect(200);
    assert_eq!(with_key(&app, &key, "/api/secrets").await, 403);
}

async fn a_key_that_was_deleted_and_put_back_is_never_accepted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    app.execute("CREATE TABLE kept AS SELECT * FROM settings").await;
    app.execute("CREATE TABLE set_kept AS SELECT * FROM generation").await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    app.execute("INSERT INTO settings SELECT * FROM kept WHERE type = 'api_key'").await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&key).await.expect(401);
    expect_no_start(&app).await;
    // With the set of that day as well: a server that runs knows better.
    app.execute("DELETE FROM generation").await;
    app.execute("INSERT INTO generation SELECT * FROM set_kept").await;
    app.state.keys.refresh().await.unwrap();
    // One of several accepts nothing any more.
    let refused = if backend == Backend::Sqlite { 401 } else { 503 };
    app.anonymous().verify_until(&key, refused).await;
    expect_store_altered(&app).await;
    // And a start finds that the set is older than the end of the audit log.
    expect_no_start(&app).await;
    app.execute("DROP TABLE kept").await;
    app.execute("DROP TABLE set_kept").await;
}

async fn a_key_that_was_taken_out_stays_as_it_was_known(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, kept) = admin.create_key(&json!({ "name": "kept" })).await;
    app.execute("DELETE FROM settings WHERE key = 'kept'").await;
    expect_no_start(&app).await;
    let set = "UPDATE generation SET n = n + 1 WHERE id = 1";
    app.execute(set).await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&kept).await.expect(200);
    expect_store_altered(&app).await;
    let refused = admin.post("/api/keys", &json!({ "name": "new" })).await;
    assert_eq!((refused.status, &refused.body()["code"]), (503, &json!("store_altered")));
}

async fn a_session_that_was_inserted_is_nobodys(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let token = "forged-by-somebody-who-writes-to-the-database";
    let hash = keyward::session::cookie::token_hash(token);
    let insert = format!(
        "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at, mac) \
         SELECT '{hash}', user_id, created_at, last_seen_at, expires_at, mac FROM sessions"
    );
    app.execute(&insert).await;
    assert_eq!(with_session(&app, token, "/api/session").await, 401);
    admin.get("/api/session").await.expect(200);
    start(&app).await.unwrap();
    app.execute("UPDATE generation SET n = n + 1 WHERE id = 3").await;
    assert_ne!(with_session(&app, token, "/api/session").await, 200);
    // Nobody is believed any more, and it is reported.
    assert_eq!(admin.get("/api/session").await.status, 503);
    expect_no_start(&app).await;
}

async fn a_session_that_was_ended_and_put_back_is_nobodys(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.anonymous();
    let answer = admin.sign_in().await;
    let token = answer.cookie("keyward_session").unwrap().to_owned();
    app.execute("CREATE TABLE kept AS SELECT * FROM sessions").await;
    app.execute("CREATE TABLE set_kept AS SELECT * FROM generation").await;
    admin.delete("/api/session").await.expect(200);
    app.execute("INSERT INTO sessions SELECT * FROM kept").await;
    app.execute("DROP TABLE kept").await;
    assert_ne!(with_session(&app, &token, "/api/session").await, 200);
    assert_ne!(with_session(&app, &token, "/api/keys").await, 200);
    expect_no_start(&app).await;
    app.execute("DELETE FROM generation").await;
    app.execute("INSERT INTO generation SELECT * FROM set_kept").await;
    app.execute("DROP TABLE set_kept").await;
    assert_ne!(with_session(&app, &token, "/api/session").await, 200);
    expect_no_start(&app).await;
}

async fn a_user_with_another_password_cannot_sign_in(backend: Backend) {
    let app = App::start(backend).await;
    app.admin().await;
    let known = keyward::session::password::Passwords::new().unwrap();
    let place = known.enter(keyward::session::password::Lane::Known).unwrap();
    let password = serde_json::from_value(json!("known to the attacker")).unwrap();
    let hash = place.hash(password).await.unwrap();
    app.execute("CREATE TABLE kept AS SELECT * FROM users").await;
    app.execute(&format!("UPDATE users SET password_hash = '{hash}'")).await;
    let sign_in = json!({ "email": EMAIL, "password": "known to the attacker" });
    app.anonymous().post("/api/session", &sign_in).await.expect(401);
    // Nor with the right password: the row is not what Keyward stored.
    let sign_in = json!({ "email": EMAIL, "password": PASSWORD });
    app.anonymous().post("/api/session", &sign_in).await.expect(401);
    app.execute("DROP TABLE kept").await;
}

async fn a_role_that_was_raised_is_not_believed(backend: Backend) {
    let app = App::start(backend).await;
    let viewer = app.person("eve@example.com", Role::Viewer).await;
    app.admin().await.add_secret("A", "planted").await;
    app.execute("CREATE TABLE kept AS SELECT * FROM users").await;
    for change in [
        "role = 'admin'",
        "role = 'editor'",
        "is_email_verified = NOT is_email_verified",
        "sso_subject = 'eve', sso_issuer = 'https://id.example'",
    ] {
        let eve = format!("UPDATE users SET {change} WHERE email = 'eve@example.com'");
        app.execute(&eve).await;
        // The row of this generation is known; nothing else is read of it.
        assert_eq!(viewer.get("/api/session").await.expect(200).data()["role"], "viewer");
        for path in ["/api/secrets/A", "/api/users"] {
            viewer.get(path).await.expect(403);
        }
        assert_ne!(app.anonymous().sign_in_as("eve@example.com").await.status, 200);
        // With the mac of the administrator.
        let mac = "UPDATE users SET mac = (SELECT mac FROM kept WHERE email = 'ada@example.com') \
                   WHERE email = 'eve@example.com'";
        app.execute(mac).await;
        viewer.get("/api/users").await.expect(403);
        app.execute(
            "UPDATE users SET role = 'viewer', sso_subject = NULL, sso_issuer = NULL, \
                     is_email_verified = (1 = 0), \
                     mac = (SELECT k.mac FROM kept k WHERE k.email = users.email) \
                     WHERE email = 'eve@example.com'",
        )
        .await;
        viewer.get("/api/session").await.expect(200);
    }
}

/// Whether a link with this token makes an account.
async fn accepts(app: &App, token: &str) -> bool {
    app.anonymous().accept_invitation(token).await.status == 200
}

async fn an_invitation_that_was_added_altered_or_put_back_opens_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (chosen, now) = ("chosen-by-somebody-who-writes-to-the-database", app.clock.now());
    let forged = invitations::Model {
        id: uuid::Uuid::now_v7().into(),
        token_hash: keyward::session::cookie::token_hash(chosen),
        email: "eve@example.com".to_owned(),
        role: "admin".to_owned(),
        created_by: EMAIL.to_owned(),
        created_at: now,
        expires_at: now + time::Duration::hours(72),
        mac: None,
    };
    let insert = invitations::Entity::insert(forged.into_active_model());
    insert.exec_without_returning(&app.state.db).await.unwrap();
    assert!(!accepts(&app, chosen).await);
    // It is in nobody's way either.
    let good = admin.invite("eve@example.com", Role::Viewer).await;
    app.execute("CREATE TABLE kept AS SELECT * FROM invitations").await;
    for altered in ["role = 'admin'", "email = 'mallory@example.com'", "mac = NULL"] {
        app.execute(&format!("UPDATE invitations SET {altered}")).await;
        assert!(!accepts(&app, &good).await, "{altered}");
        app.execute("DELETE FROM invitations").await;
        app.execute("INSERT INTO invitations SELECT * FROM kept").await;
    }
    let pending = admin.get("/api/users/invitations").await.expect(200).data();
    let path = format!("/api/users/invitations/{}", pending[0]["id"].as_str().unwrap());
    admin.delete(&path).await.expect(200);
    app.execute("INSERT INTO invitations SELECT * FROM kept").await;
    assert!(!accepts(&app, &good).await);
    app.execute("DROP TABLE kept").await;
    expect_no_start(&app).await;
}

async fn setup_is_not_opened_by_deleting_the_users(backend: Backend) {
    let app = App::start(backend).await;
    app.admin().await;
    app.execute("DELETE FROM users").await;
    let token = "chosen-by-somebody-who-writes-to-the-database";
    let hash = keyward::session::cookie::token_hash(token);
    let insert = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('t', 'config', 'setup-token:{hash}', '{{}}')"
    );
    app.execute(&insert).await;
    app.state.sign_in.setup_status.forget().await;
    let setup = json!({ "token": token, "email": "eve@example.com", "password": PASSWORD });
    assert_ne!(app.anonymous().post("/api/setup", &setup).await.status, 200);
    // Nor with a token that Keyward made.
    let made = keyward::session::cookie::new_token().unwrap();
    let open = keyward::session::setup::open;
    open(&app.state.db, &app.state.rows, &made, app.clock.now()).await.unwrap();
    let setup = json!({ "token": made.expose(), "email": "eve@example.com", "password": PASSWORD });
    let answer = app.anonymous().post("/api/setup", &setup).await;
    assert_eq!((answer.status, &answer.body()["code"]), (503, &json!("store_altered")));
    expect_no_start(&app).await;
}

async fn a_set_that_does_not_hold_is_reported_everywhere_and_recorded_once(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    app.anonymous().get("/readyz").await.expect(200);
    app.execute("UPDATE generation SET n = n + 1 WHERE id = 1").await;
    for _ in 0..3 {
        app.state.keys.refresh().await.unwrap();
    }
    app.state.health.readiness.forget().await;
    expect_store_altered(&app).await;
    let metrics = app.anonymous().get("/metrics").await.expect(200).text;
    assert!(metrics.contains("keyward_store_altered 1\n"), "{metrics}");
    let recorded = admin.get("/api/admin/audit?action=store.altered").await.expect(200).data();
    assert_eq!(recorded.as_array().unwrap().len(), 1, "{recorded}");
    app.execute("UPDATE generation SET n = n - 1 WHERE id = 1").await;
    app.state.keys.refresh().await.unwrap();
    app.state.health.readiness.forget().await;
    app.anonymous().get("/readyz").await.expect(200);
}

async fn what_is_accepted_by_hand_counts(backend: Backend) {
    let app = App::start(backend).await;
    let (key, value) = forged(&json!([]));
    let insert = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('f', 'api_key', 'f', '{value}')"
    );
    app.execute(&insert).await;
    app.sibling().await.verify(&key).await.expect(401);
    app.accept().await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&key).await.expect(200);
    start(&app).await.unwrap();
}

async fn a_stranger_is_deleted_and_the_others_stay(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, narrow) = admin.create_key(&json!({ "name": "narrow", "scopes": ["a:b"] })).await;
    let (_, good) = admin.create_key(&json!({ "name": "good" })).await;
    let (_, value) = forged(&json!([]));
    let insert = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('f', 'api_key', 'f', '{value}')"
    );
    app.execute(&insert).await;
    admin.delete("/api/keys/f").await.expect(200);
    start(&app).await.unwrap();
    let change =
        "UPDATE settings SET value = replace(value, 'a:b', 'secrets:read') WHERE key = 'narrow'";
    app.execute(change).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    let again = app.sibling().await;
    again.verify(&good).await.expect(200);
    again.verify(&narrow).await.expect(401);
    // Both at once stop a start, until both are gone.
    let (id, _) = admin.create_key(&json!({ "name": "changed", "scopes": ["a:b"] })).await;
    app.execute(&insert).await;
    app.execute(&change.replace("narrow", "changed")).await;
    expect_no_start(&app).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    admin.delete("/api/keys/f").await.expect(200);
    start(&app).await.unwrap();
}

async fn an_altered_provider_gives_out_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let admin = filled(&app).await;
    let scopes = json!({ "name": "r", "scopes": ["providers:resolve"] });
    let (_, key) = admin.create_key(&scopes).await;
    let resolve = async |query: &str| with_key(&app, &key, &format!("/api/resolve?{query}")).await;
    assert_eq!(resolve("provider=openai").await, 200);
    app.execute("UPDATE provider_credentials SET base_url = 'https://evil.example'").await;
    assert_eq!(resolve("provider=openai").await, 409);
    assert_eq!(resolve("provider=openai&model=gpt").await, 409);
    let listed = admin.providers().await;
    assert_eq!(listed[0]["altered"], json!(true), "{listed}");
    // Neither is it made good by a change that keeps the address.
    for answer in [
        admin.put_provider("openai", &json!({ "value": "sk-new" })).await,
        admin.patch("/api/providers/openai", &json!({ "note": "new" })).await,
    ] {
        assert_eq!((answer.status, &answer.body()["code"]), (409, &json!("credential_altered")));
    }
    let recorded = admin.get("/api/admin/audit?action=store.altered").await.expect(200).data();
    assert_eq!(recorded.as_array().unwrap().len(), 1, "{recorded}");
    admin.delete("/api/providers/openai").await.expect(200);
}

async fn an_earlier_row_of_a_key_is_not_made_good_by_a_change(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a", "scopes": ["secrets:read"] })).await;
    app.execute("CREATE TABLE kept AS SELECT * FROM settings").await;
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "scopes": ["a:b"], "enabled": false })).await.expect(200);
    app.execute("DELETE FROM settings WHERE type = 'api_key'").await;
    app.execute("INSERT INTO settings SELECT * FROM kept WHERE type = 'api_key'").await;
    app.execute("DROP TABLE kept").await;
    let renamed = admin.patch(&path, &json!({ "name": "b" })).await;
    assert_eq!((renamed.status, &renamed.body()["code"]), (409, &json!("key_altered")));
    let command = keyward::keys::Registry::for_changes(
        app.database.connect().await,
        app.clock.clone(),
        app.state.audit.clone(),
        app.state.rows.clone(),
        app.state.keys.watermark().to_nowhere(),
    );
    let change = KeyChange { enabled: Some(true), ..KeyChange::default() };
    let changed = command.unwrap().update(id.clone(), change, &Actor::command_line()).await;
    assert!(matches!(changed, Err(KeyError::Store(StoreError::Altered(_)))), "{changed:?}");
    app.verify(&key).await.expect(401);
    // It can be deleted, and then everything adds up.
    admin.delete(&path).await.expect(200);
    start(&app).await.unwrap();
}

async fn a_change_that_another_process_made_is_not_undone(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    app.execute("CREATE TABLE kept AS SELECT * FROM settings").await;
    app.execute("CREATE TABLE set_kept AS SELECT * FROM generation").await;
    let command = keyward::keys::Registry::for_changes(
        app.database.connect().await,
        app.clock.clone(),
        app.state.audit.clone(),
        app.state.rows.clone(),
        app.state.keys.watermark().to_nowhere(),
    );
    command.unwrap().delete(id, &Actor::command_line()).await.unwrap();
    // Before the server has looked.
    app.execute("INSERT INTO settings SELECT * FROM kept WHERE type = 'api_key'").await;
    app.execute("DELETE FROM generation").await;
    app.execute("INSERT INTO generation SELECT * FROM set_kept").await;
    app.execute("DROP TABLE kept").await;
    app.execute("DROP TABLE set_kept").await;
    let refused = admin.post("/api/keys", &json!({ "name": "b" })).await;
    assert_eq!((refused.status, &refused.body()["code"]), (503, &json!("store_altered")));
    expect_no_start(&app).await;
    drop(key);
}

async fn odd_rows_stop_nobody(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, other) = (app.admin().await, app.admin().await);
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    let odd = match backend {
        Backend::Sqlite => "'x'",
        Backend::Postgres => "'infinity'",
    };
    for sql in [
        format!(
            "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at) \
                 SELECT 'odd', id, {odd}, created_at, created_at FROM users"
        ),
        format!(
            "INSERT INTO users (id, email, password_hash, created_at) VALUES ('u', 'e', 'x', {odd})"
        ),
        "INSERT INTO key_changes (n, key_id) SELECT n + 1, 'x' FROM generation WHERE id = 1"
            .to_owned(),
        "INSERT INTO generation (id, n) VALUES (4, 9)".to_owned(),
    ] {
        app.execute(&sql).await;
    }
    // A sign-in reads the set of users and sessions again.
    app.admin().await.get("/api/session").await.expect(200);
    other.delete("/api/session").await.expect(200);
    admin.get("/api/session").await.expect(200);
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    app.verify(&key).await.expect(401);
    app.sibling().await.admin().await.get("/api/keys").await.expect(200);
}

async fn a_change_that_did_not_commit_leaves_no_trace_in_the_log(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    // Changed, recorded, and rolled back.
    let rows = KeyRows::begin(&app.state.db, &app.state.rows, Arc::default()).await.unwrap();
    let (set, before) = (SetName::Keys, rows.before());
    let after = SetState { n: before.n + 1, ..before };
    sets::put(rows.transaction(), set, &app.state.rows, after).await.unwrap();
    let event = Actor::command_line().did(Action::KeyCreate, None);
    app.state.audit.append(rows.transaction(), event).await.unwrap();
    rows.rollback().await.unwrap();
    admin.add_secret("A", "v").await;
    start(&app).await.unwrap();
    admin.create_key(&json!({ "name": "a" })).await;
}

async fn a_session_that_is_said_to_have_been_used_is_nobodys(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.anonymous();
    admin.sign_in().await;
    admin.get("/api/session").await.expect(200);
    let later = other_value(backend, "last_seen_at");
    app.execute(&format!("UPDATE sessions SET last_seen_at = {later}")).await;
    // Looked at when the last use that the server knows of is a minute old.
    app.clock.advance(std::time::Duration::from_mins(2));
    admin.get("/api/session").await.expect(401);
    let found = find(&app, &TABLES[2]).await;
    assert!(found.iter().all(|row| row.is_ours() && !row.is_seen), "the set holds without it");
    // Nobody else is kept out by it.
    app.anonymous().sign_in().await;
}

async fn a_value_with_columns_of_another_layout_beside_it_does_not_open(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("TOKEN", "v").await;
    for column in ["iv", "mac"] {
        app.execute(&format!("UPDATE secrets SET {column} = encrypted_value")).await;
        admin.get("/api/secrets/TOKEN").await.expect(500);
        app.execute(&format!("UPDATE secrets SET {column} = NULL")).await;
        admin.get("/api/secrets/TOKEN").await.expect(200);
    }
}

async fn an_erased_key_with_another_root_key_stops_a_start(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.post("/api/admin/encryption/rotate", &json!({})).await.expect(200);
    app.execute("UPDATE encryption_keys SET kek_id = 'another' WHERE state = 'retired'").await;
    let refused = start(&app).await;
    assert!(
        matches!(&refused, Err(StartError::Locked(UnlockError::KeySet(KeySetError::AlteredRows)))),
        "{refused:?}"
    );
}
