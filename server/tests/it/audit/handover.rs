//! A change of the root key hands the audit log over to a new audit key.

use keyward::audit::entity::log;
use keyward::audit::{Action, Actor};
use keyward::clock::Clock;
use keyward::encryption::entity::{Column, Entity};
use keyward::encryption::error::UnlockError;
use keyward::encryption::unlock::{Unlocked, unlock};
use keyward_core::kek::{RootKey, RootKeys};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::support::{App, Backend, ROOT_KEY, on_both_databases};

on_both_databases!(
    a_change_of_the_root_key_mints_an_audit_key_and_one_entry_is_under_both,
    a_server_with_the_former_root_key_records_nothing_from_then_on,
    a_former_audit_key_is_never_the_active_one_again,
);

const OTHER: &str = "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=";

fn roots(current: &str, previous: Option<&str>) -> RootKeys {
    let parse = |text: &str| RootKey::parse(text).unwrap();
    RootKeys { current: parse(current), previous: previous.map(parse) }
}

async fn open(app: &App, roots: &RootKeys) -> Result<Unlocked, UnlockError> {
    unlock(&app.state.db, roots, &Clock::System).await
}

/// Version and state of the audit keys.
async fn audit_keys(app: &App) -> Vec<(i32, String)> {
    let keys = Entity::find().filter(Column::Purpose.eq("audit")).order_by_asc(Column::Version);
    let keys = keys.all(&app.state.db).await.unwrap();
    keys.into_iter().map(|key| (key.version, key.state)).collect()
}

async fn a_change_of_the_root_key_mints_an_audit_key_and_one_entry_is_under_both(backend: Backend) {
    let app = App::start(backend).await;
    app.admin().await;
    open(&app, &roots(OTHER, Some(ROOT_KEY))).await.unwrap();
    let expected = [(1, "retired".to_owned()), (2, "active".to_owned())];
    assert_eq!(audit_keys(&app).await, expected);
    let entry = log::Entity::find().order_by_desc(log::Column::Seq).one(&app.state.db).await;
    let entry = entry.unwrap().unwrap();
    assert_eq!((entry.action.as_str(), entry.mac.len()), ("encryption.rewrap", 64));
    assert!(entry.detail.unwrap().contains("rotate"), "what is to be done next");

    // Nothing happens at the next start, and once more at the next change.
    let unlocked = open(&app, &roots(OTHER, None)).await.unwrap();
    let event = Actor::command_line().did(Action::SecretRead, None);
    unlocked.audit.record(&app.state.db, event).await.unwrap();
    assert_eq!(audit_keys(&app).await.len(), 2);
    let unlocked = open(&app, &roots(ROOT_KEY, Some(OTHER))).await.unwrap();
    assert_eq!(audit_keys(&app).await.len(), 3);
    let found = unlocked.audit.verify(&app.state.db).await.unwrap();
    assert!(found.is_valid(), "{found:?}");
    assert_eq!(found.verified(), 6);
}

async fn a_server_with_the_former_root_key_records_nothing_from_then_on(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let unlocked = open(&app, &roots(OTHER, Some(ROOT_KEY))).await.unwrap();
    let before = app.audit_entries().await;
    let late = admin.post("/api/keys", &json!({ "name": "late" })).await.expect(503);
    assert_eq!(late.body()["code"], "former_root_key");
    assert_eq!(app.audit_entries().await, before, "nor that it found the log changed");
    assert_eq!(admin.keys().await, json!([]));
    assert!(unlocked.audit.verify(&app.state.db).await.unwrap().is_valid());
}

async fn a_former_audit_key_is_never_the_active_one_again(backend: Backend) {
    let app = App::start(backend).await;
    open(&app, &roots(OTHER, Some(ROOT_KEY))).await.unwrap();
    let execute = async |sql: &str| app.execute(sql).await;
    let newest = "FROM encryption_keys WHERE purpose = 'audit' AND version = 2";
    execute(&format!("CREATE TABLE kept AS SELECT * {newest}")).await;
    execute(&format!("DELETE {newest}")).await;
    let refusal = open(&app, &roots(OTHER, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::NoAuditKey), "{refusal}");
    execute("UPDATE encryption_keys SET state = 'active' WHERE purpose = 'audit'").await;
    let refusal = open(&app, &roots(OTHER, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::DamagedKey(_)), "{refusal}");
    execute("UPDATE encryption_keys SET state = 'retired' WHERE purpose = 'audit'").await;
    execute("INSERT INTO encryption_keys SELECT * FROM kept").await;
    open(&app, &roots(OTHER, None)).await.unwrap();
    // Without the former one, the entries before the handover could not be checked.
    execute("DELETE FROM encryption_keys WHERE purpose = 'audit' AND version = 1").await;
    let refusal = open(&app, &roots(OTHER, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::NoAuditKey), "{refusal}");
}
