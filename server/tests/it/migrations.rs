//! The schema goes up, down and up again, and the entities match it.

use futures_util::future::join_all;
use keyward::authenticity::store as sets;
use keyward::database::{self, DatabaseConnection, begin_write};
use keyward::session::entity::{invitations, sessions, totp_secrets, users};
use keyward_api::roles::Role;
use keyward_core::set::SetName;
use keyward_migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic, Iterable, Statement};
use serde_json::json;

use crate::support::{App, Backend, EMAIL, TestDatabase, on_both_databases};

on_both_databases!(
    they_go_up_down_and_up_again,
    the_generation_goes_up_down_and_up_again_with_keys,
    macs_and_sets_go_up_down_and_up_again_with_rows,
    what_the_overview_needs_goes_up_down_and_up_again_with_rows,
    people_go_up_down_and_up_again,
    entities_have_exactly_the_columns_of_their_tables,
    many_processes_may_migrate_at_once,
    type_and_key_of_a_setting_are_unique_together,
);

/// This many steps, or all.
async fn up(db: &DatabaseConnection, steps: Option<u32>) {
    let transaction = begin_write(db).await.unwrap();
    Migrator::up(&transaction, steps).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn they_go_up_down_and_up_again(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    for _ in 0..2 {
        let up = begin_write(&db).await.unwrap();
        Migrator::up(&up, None).await.unwrap();
        let schema = SchemaManager::new(&up);
        assert!(schema.has_table("settings").await.unwrap());
        assert!(schema.has_table("sessions").await.unwrap());
        up.commit().await.unwrap();
        let down = begin_write(&db).await.unwrap();
        Migrator::down(&down, None).await.unwrap();
        let schema = SchemaManager::new(&down);
        assert!(!schema.has_table("settings").await.unwrap());
        assert!(!schema.has_table("users").await.unwrap());
        assert!(!schema.has_table("secrets").await.unwrap());
        assert!(!schema.has_table("model_credentials").await.unwrap());
        assert!(!schema.has_table("audit_log").await.unwrap());
        down.commit().await.unwrap();
    }
}

async fn the_generation_goes_up_down_and_up_again_with_keys(backend: Backend) {
    /// Migrations before the one of the generation.
    const BEFORE: usize = 6;
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    let number = async |sql: &str| {
        let sql = format!("SELECT CAST(count(*) AS BIGINT) AS n FROM {sql}");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        row.unwrap().unwrap().try_get::<i64>("", "n").unwrap()
    };
    up(&db, u32::try_from(BEFORE).ok()).await;
    for row in [
        r#"'1', 'api_key', 'a', '{"key_prefix":"k"}'"#,
        r#"'2', 'api_key', 'b', '{"name":"shown"}'"#,
        "'3', 'config', 'api_keys_revision', '{}'",
        "'4', 'config', 'first_admin', '{}'",
    ] {
        let sql = format!("INSERT INTO settings (id, type, key, value) VALUES ({row})");
        db.execute_unprepared(&sql).await.unwrap();
    }
    for _ in 0..2 {
        up(&db, None).await;
        assert_eq!(number("settings WHERE key <> 'api_keys_revision'").await, 3);
        assert_eq!(number("settings").await, 3, "the revision of before is gone");
        assert_eq!(sets::number(&db, SetName::Keys).await.unwrap(), Some(0));
        db.execute_unprepared("UPDATE generation SET n = 1").await.unwrap();
        db.execute_unprepared("INSERT INTO key_changes (n, key_id) VALUES (1, '1')").await.unwrap();
        let since = u32::try_from(Migrator::migrations().len() - BEFORE).unwrap();
        let down = begin_write(&db).await.unwrap();
        Migrator::down(&down, Some(since)).await.unwrap();
        let schema = SchemaManager::new(&down);
        assert!(!schema.has_table("generation").await.unwrap());
        assert!(!schema.has_table("key_changes").await.unwrap());
        down.commit().await.unwrap();
        assert_eq!(number("settings").await, 3);
    }
}

async fn macs_and_sets_go_up_down_and_up_again_with_rows(backend: Backend) {
    /// Migrations before the one of row authenticity.
    const BEFORE: usize = 7;
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    let number = async |sql: &str| {
        let sql = format!("SELECT CAST(count(*) AS BIGINT) AS n FROM {sql}");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        row.unwrap().unwrap().try_get::<i64>("", "n").unwrap()
    };
    up(&db, u32::try_from(BEFORE).ok()).await;
    for sql in [
        "INSERT INTO settings (id, type, key, value) VALUES ('1', 'api_key', 'a', '{}')",
        "INSERT INTO secrets (id, key, encrypted_value) VALUES ('1', 'A', 'x')",
        "UPDATE generation SET n = 7",
        "INSERT INTO key_changes (n, key_id) VALUES (7, '1')",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    for _ in 0..2 {
        up(&db, None).await;
        assert_eq!(sets::number(&db, SetName::Keys).await.unwrap(), Some(7));
        assert_eq!(number("generation WHERE mac IS NULL AND count IS NULL").await, 3);
        assert_eq!(number("settings WHERE mac IS NULL").await, 1);
        assert_eq!(number("key_changes").await, 1);
        assert_eq!(number("audit_head WHERE sets IS NULL").await, 0, "the log is not begun");
        // As after a first start.
        for sql in [
            "UPDATE settings SET mac = encrypted_value FROM secrets",
            "UPDATE generation SET count = 1, sum = encrypted_value, mac = encrypted_value FROM secrets",
        ] {
            db.execute_unprepared(sql).await.unwrap();
        }
        let since = u32::try_from(Migrator::migrations().len() - BEFORE).unwrap();
        let down = begin_write(&db).await.unwrap();
        Migrator::down(&down, Some(since)).await.unwrap();
        down.commit().await.unwrap();
        assert_eq!(number("generation").await, 1);
        assert_eq!(number("settings").await + number("secrets").await, 2);
    }
}

async fn what_the_overview_needs_goes_up_down_and_up_again_with_rows(backend: Backend) {
    /// Migrations before the address of the last use.
    const BEFORE: usize = 9;
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    let text = async |sql: &str| {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        row.unwrap().unwrap().try_get::<Option<String>>("", "t").unwrap()
    };
    up(&db, u32::try_from(BEFORE).ok()).await;
    let blob = match backend {
        Backend::Sqlite => "x'00'",
        Backend::Postgres => "'\\x00'",
    };
    for sql in [
        "INSERT INTO settings (id, type, key, value) VALUES ('1', 'api_key', 'a', '{}')".to_owned(),
        format!(
            "INSERT INTO audit_log (seq, time, actor_kind, action, outcome, prev_hash, entry_hash, \
             mac) VALUES (1, 1, 'user', 'key.create', 'success', {blob}, {blob}, {blob})"
        ),
    ] {
        db.execute_unprepared(&sql).await.unwrap();
    }
    for _ in 0..2 {
        up(&db, None).await;
        assert_eq!(text("SELECT last_used_address AS t FROM settings").await, None);
        for sql in [
            "UPDATE settings SET last_used_address = '192.0.2.1'",
            "INSERT INTO verification_hours (hour, accepted, refused) VALUES (1, 2, 3)",
        ] {
            db.execute_unprepared(sql).await.unwrap();
        }
        let since = u32::try_from(Migrator::migrations().len() - BEFORE).unwrap();
        let down = begin_write(&db).await.unwrap();
        Migrator::down(&down, Some(since)).await.unwrap();
        assert!(!SchemaManager::new(&down).has_table("verification_hours").await.unwrap());
        down.commit().await.unwrap();
        assert_eq!(text("SELECT key AS t FROM settings").await.as_deref(), Some("a"));
        assert_eq!(text("SELECT action AS t FROM audit_log").await.as_deref(), Some("key.create"));
    }
}

/// The version before knows administrators alone: nobody who is less becomes one by going back.
async fn people_go_up_down_and_up_again(backend: Backend) {
    /// Migrations before the one of people with roles.
    const BEFORE: usize = 11;
    const BOB: &str = "bob@example.com";
    let app = App::start(backend).await;
    let database = app.database.shared();
    let admin = app.admin().await;
    admin.delete("/api/session").await.expect(200);
    drop(app);
    let db = database.connect().await;
    let since = u32::try_from(Migrator::migrations().len() - BEFORE).unwrap();
    let down = async || {
        let down = begin_write(&db).await.unwrap();
        Migrator::down(&down, Some(since)).await.unwrap();
        let schema = SchemaManager::new(&down);
        assert!(!schema.has_column("users", "role").await.unwrap());
        assert!(!schema.has_table("invitations").await.unwrap());
        assert!(!schema.has_table("totp_secrets").await.unwrap());
        down.commit().await.unwrap();
        let sql = "SELECT email AS t FROM users";
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        let text = |row: &sea_orm::QueryResult| row.try_get::<String>("", "t").unwrap();
        assert_eq!(rows.unwrap().iter().map(text).collect::<Vec<_>>(), [EMAIL]);
    };
    // An administrator of before keeps the mac of before.
    for _ in 0..2 {
        down().await;
        let app = App::with(database.shared(), &[]).await;
        let admin = app.admin().await;
        assert_eq!(admin.user(EMAIL).await["role"], "admin");
        admin.delete("/api/session").await.expect(200);
    }
    let app = App::with(database.shared(), &[]).await;
    for (email, role) in [(BOB, Role::Editor), ("eve@example.com", Role::Admin)] {
        app.person(email, role).await;
    }
    let admin = app.admin().await;
    let eve = admin.user_path("eve@example.com").await;
    admin.patch(&eve, &json!({ "disabled": true })).await.expect(200);
    admin.invite("carol@example.com", Role::Viewer).await;
    drop(app);
    down().await;
    // Rows of the set are gone, which the next start takes for somebody's work.
    assert_eq!(database.run(&["store", "check"]).0, 1);
    assert_eq!(database.run(&["store", "accept", "--yes"]).0, 0);
    let app = App::with(database.shared(), &[]).await;
    app.anonymous().sign_in_as(BOB).await.expect(401);
    assert_eq!(app.admin().await.users().await.len(), 1);
}

async fn entities_have_exactly_the_columns_of_their_tables(backend: Backend) {
    async fn check<E: EntityTrait>(database: &TestDatabase, entity: E)
    where
        E::Column: Iterable + IdenStatic,
    {
        let db = database.connect().await;
        let table = entity.table_name();
        let sql = match database.backend {
            Backend::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Backend::Postgres => format!(
                "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        let mut columns: Vec<String> =
            rows.unwrap().iter().map(|row| row.try_get("", "name").unwrap()).collect();
        let mut fields: Vec<String> = E::Column::iter().map(|c| c.as_str().to_owned()).collect();
        columns.sort();
        fields.sort();
        assert_eq!(columns, fields, "{table}");
        E::find().all(&db).await.unwrap();
    }
    let database = TestDatabase::new(backend).await;
    database::migrate(&database.connect().await).await.unwrap();
    check(&database, keyward::settings::Entity).await;
    check(&database, users::Entity).await;
    check(&database, sessions::Entity).await;
    check(&database, invitations::Entity).await;
    check(&database, totp_secrets::Entity).await;
    check(&database, keyward::encryption::entity::Entity).await;
    check(&database, keyward::secrets::entity::Entity).await;
    check(&database, keyward::providers::entity::provider::Entity).await;
    check(&database, keyward::providers::entity::model::Entity).await;
    check(&database, keyward::keys::entity::generation::Entity).await;
    check(&database, keyward::keys::entity::change::Entity).await;
    check(&database, keyward::audit::entity::log::Entity).await;
    check(&database, keyward::audit::entity::head::Entity).await;
}

async fn many_processes_may_migrate_at_once(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let migrations = (0..6).map(|_| async {
        let db = database.connect().await;
        database::migrate(&db).await
    });
    for migrated in join_all(migrations).await {
        migrated.unwrap();
    }
    let db = database.connect().await;
    assert!(Migrator::get_pending_migrations_read_only(&db).await.unwrap().is_empty());
}

async fn type_and_key_of_a_setting_are_unique_together(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    database::migrate(&db).await.unwrap();
    let insert = |id: &str, kind: &str| {
        format!("INSERT INTO settings (id, type, key, value) VALUES ('{id}', '{kind}', 'k', '')")
    };
    db.execute_unprepared(&insert("1", "api_key")).await.unwrap();
    db.execute_unprepared(&insert("2", "config")).await.unwrap();
    db.execute_unprepared(&insert("3", "api_key")).await.unwrap_err();
}
