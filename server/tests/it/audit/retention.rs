//! Old audit entries go, with a checkpoint, when they were exported.

use std::time::Duration;

use keyward::audit::entity::log;
use keyward::audit::retention::close_old;
use keyward::audit::{Action, Actor};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use crate::support::program::Server;
use crate::support::{App, Backend, Client, TestDatabase, on_both_databases};

on_both_databases!(
    old_entries_that_were_exported_are_closed_by_a_checkpoint,
    what_was_not_exported_to_its_end_stays,
    nothing_goes_while_a_break_is_not_acknowledged,
    entries_that_go_without_a_checkpoint_are_reported,
    of_two_servers_one_closes,
    a_server_starts_with_the_variable,
);

const DAY: Duration = Duration::from_hours(24);

/// Entries 1 to 8 of the first day, and an administrator on the third.
async fn old_log(backend: Backend) -> (App, Client) {
    let app = App::start(backend).await;
    app.admin().await;
    for n in 0..5 {
        let event = Actor::command_line().did(Action::SecretRead, Some(n.to_string()));
        app.state.audit.record(&app.state.db, event).await.unwrap();
    }
    app.clock.advance(2 * DAY);
    let admin = app.admin().await;
    (app, admin)
}

async fn close(app: &App) -> u64 {
    close_old(&app.state.audit, &app.state.db, DAY, app.clock.now()).await.unwrap()
}

async fn export(client: &Client) {
    client.get("/api/admin/audit/export").await.expect(200);
}

async fn seqs(app: &App) -> Vec<i64> {
    let entries = log::Entity::find().order_by_asc(log::Column::Seq).all(&app.state.db).await;
    entries.unwrap().iter().map(|entry| entry.seq).collect()
}

async fn old_entries_that_were_exported_are_closed_by_a_checkpoint(backend: Backend) {
    let (app, admin) = old_log(backend).await;
    export(&admin).await;
    assert_eq!(close(&app).await, 8);
    // The sign-in, both entries of the export, and the checkpoint.
    assert_eq!(seqs(&app).await, [9, 10, 11, 12]);
    let found = admin.verify_log().await;
    assert_eq!((&found["valid"], &found["verified"]), (&json!(true), &json!(12)));
    let page = admin.get("/api/admin/audit").await.expect(200).body();
    assert_eq!(page["total"], 4);
    assert_eq!(
        (&page["data"][0]["action"], &page["data"][0]["target"]),
        (&json!("audit.checkpoint"), &json!("1-8"))
    );
    assert!(page["data"][0]["detail"].as_str().unwrap().starts_with("8 entries closed"));
    assert_eq!(close(&app).await, 0, "there is nothing more");
    // The day after, what was exported of it; the checkpoint before goes with the next one.
    app.clock.advance(2 * DAY);
    let admin = app.admin().await;
    export(&admin).await;
    assert_eq!(close(&app).await, 5);
    assert_eq!(seqs(&app).await[0], 14);
    assert_eq!(admin.verify_log().await["valid"], true);
    let sibling = app.sibling().await;
    assert_eq!(sibling.admin().await.verify_log().await["valid"], true, "after another start");
}

async fn what_was_not_exported_to_its_end_stays(backend: Backend) {
    let (app, admin) = old_log(backend).await;
    assert_eq!(close(&app).await, 0);
    for part in ["?action=secret", "?cursor=9", "?since=2026-01-01T00:00:00Z"] {
        admin.get(&format!("/api/admin/audit/export{part}")).await.expect(200);
    }
    assert_eq!(close(&app).await, 0);
    // Anyone who can write to the database cannot say so either.
    let forge = "UPDATE audit_log SET target = '8' WHERE action = 'audit.export'";
    app.execute(forge).await;
    assert_eq!(close(&app).await, 0);
    assert_eq!(seqs(&app).await, (1..=12).collect::<Vec<i64>>());
}

async fn nothing_goes_while_a_break_is_not_acknowledged(backend: Backend) {
    let (app, admin) = old_log(backend).await;
    export(&admin).await;
    let change = "UPDATE audit_log SET target = 'B' WHERE seq = 3";
    app.execute(change).await;
    assert_eq!(close(&app).await, 0);
    assert_eq!(admin.verify_log().await["broken"]["seq"], 3);
    let because = "known".to_owned().try_into().unwrap();
    let by = Actor::command_line();
    app.state.audit.acknowledge(&app.state.db, &by, 3, &because).await.unwrap();
    assert_eq!(close(&app).await, 8);
    assert_eq!(admin.verify_log().await["valid"], true);
}

async fn entries_that_go_without_a_checkpoint_are_reported(backend: Backend) {
    let (app, admin) = old_log(backend).await;
    export(&admin).await;
    assert_eq!(close(&app).await, 8);
    let kept = "CREATE TABLE kept AS SELECT * FROM audit_log WHERE seq = 9";
    app.execute(kept).await;
    app.execute("DELETE FROM audit_log WHERE seq = 9").await;
    let missing = json!({ "seq": 9, "reason": "Entry 9 is missing." });
    assert_eq!(admin.verify_log().await["broken"], missing);
    app.execute("INSERT INTO audit_log SELECT * FROM kept").await;
    assert_eq!(admin.verify_log().await["valid"], true);
    app.execute("DELETE FROM audit_log WHERE seq = 12").await;
    let found = admin.verify_log().await;
    assert_eq!(found["broken"], json!({ "seq": 1, "reason": "Entries 1 to 8 are missing." }));
    assert_eq!(found["totalBreaks"], 2);
}

async fn of_two_servers_one_closes(backend: Backend) {
    let (app, admin) = old_log(backend).await;
    let sibling = app.sibling().await;
    sibling.clock.advance(2 * DAY);
    export(&admin).await;
    let (one, other) = tokio::join!(close(&app), close(&sibling));
    assert_eq!(one + other, 8, "{one} and {other}");
    assert_eq!(admin.verify_log().await["valid"], true);
}

async fn a_server_starts_with_the_variable(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &[("KEYWARD_AUDIT_KEEP", "90d")]);
    server.client.get("/readyz").await.expect(200);
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
}
