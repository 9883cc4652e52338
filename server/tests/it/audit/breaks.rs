//! A check of the audit log reports every break, and a break can be acknowledged.

use keyward::audit::about_log::Because;
use keyward::audit::{Action, Actor};
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, on_both_databases};

on_both_databases!(
    every_break_is_reported_and_the_acknowledged_ones_are_known,
    a_head_that_is_wrong_is_acknowledged_with_the_entry_that_reports_it,
    an_end_that_is_missing_is_the_same_break_after_the_log_went_on,
    a_break_is_acknowledged_on_the_command_line,
    entries_added_after_an_earlier_head_do_not_keep_the_server_from_recording,
    an_entry_that_cannot_be_read_is_a_break,
    the_progress_of_a_check_is_reported,
);

/// Entries 1 to 8.
async fn started(backend: Backend) -> (App, Client) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..5 {
        let event = Actor::command_line().did(Action::SecretRead, Some(n.to_string()));
        app.state.audit.record(&app.state.db, event).await.unwrap();
    }
    (app, admin)
}

async fn acknowledge(app: &App, seq: i64) -> Result<(), String> {
    let because = Because::try_from("restored from the tape".to_owned()).unwrap();
    let by = Actor::command_line();
    let done = app.state.audit.acknowledge(&app.state.db, &by, seq, &because).await;
    done.map_err(|error| error.to_string())
}

async fn every_break_is_reported_and_the_acknowledged_ones_are_known(backend: Backend) {
    let (app, admin) = started(backend).await;
    app.execute("UPDATE audit_log SET target = 'B' WHERE seq = 3").await;
    app.execute("DELETE FROM audit_log WHERE seq IN (5, 6)").await;
    let changed = "Entry 3 was altered: its hash does not match its content.";
    let missing = "Entries 5 to 6 are missing.";
    let expected = json!({
        "valid": false, "verified": 2, "broken": { "seq": 3, "reason": format!("{changed} Entries 1 to 2 are intact.") },
        "breaks": [
            { "seq": 3, "reason": changed, "acknowledged": null },
            { "seq": 5, "reason": missing, "acknowledged": null },
        ],
        "totalBreaks": 2,
    });
    assert_eq!(admin.verify_log().await, expected);

    acknowledge(&app, 3).await.unwrap();
    let known = json!({
        "by": "command line", "because": "restored from the tape", "time": "2026-01-01T12:00:00Z",
    });
    let found = admin.verify_log().await;
    assert_eq!((&found["valid"], &found["verified"]), (&json!(false), &json!(4)));
    let rest = "Entries 1 to 4 are intact, but for breaks that are acknowledged.";
    assert_eq!(found["broken"], json!({ "seq": 5, "reason": format!("{missing} {rest}") }));
    assert_eq!(found["breaks"][0]["acknowledged"], known);
    acknowledge(&app, 5).await.unwrap();
    let found = admin.verify_log().await;
    assert_eq!((&found["valid"], &found["broken"]), (&json!(true), &Value::Null));
    assert_eq!((&found["verified"], &found["totalBreaks"]), (&json!(10), &json!(2)));

    // Nothing is known of what is not there, and nothing twice.
    for seq in [3, 4, 5, 99] {
        let refusal = acknowledge(&app, seq).await.unwrap_err();
        assert!(refusal.contains(&format!("no break at entry {seq}")), "{refusal}");
    }
    // Another change of the same entry, and an acknowledgement that was changed.
    app.execute("UPDATE audit_log SET target = 'C' WHERE seq = 3").await;
    assert_eq!(admin.verify_log().await["broken"]["seq"], 3);
    app.execute("UPDATE audit_log SET target = 'B' WHERE seq = 3").await;
    assert_eq!(admin.verify_log().await["valid"], true);
    app.execute("UPDATE audit_log SET address = '' WHERE seq = 9").await;
    let found = admin.verify_log().await;
    let seqs: Vec<_> = found["breaks"].as_array().unwrap().iter().map(|it| &it["seq"]).collect();
    assert_eq!((&found["broken"]["seq"], seqs), (&json!(3), vec![&json!(3), &json!(5), &json!(9)]));
    let log = admin.get("/api/admin/audit?action=audit.acknowledge").await.expect(200).data();
    assert_eq!(log[0]["target"], "5");
    assert!(log[0]["detail"].as_str().unwrap().starts_with("restored from the tape (break "));
}

async fn a_head_that_is_wrong_is_acknowledged_with_the_entry_that_reports_it(backend: Backend) {
    for sql in [
        "UPDATE audit_head SET seq = 5",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET sets = sets_mac",
        "UPDATE audit_head SET sets = NULL",
    ] {
        let (app, admin) = started(backend).await;
        app.execute(sql).await;
        assert_eq!(admin.verify_log().await["broken"]["seq"], 9, "{sql}");
        acknowledge(&app, 9).await.unwrap();
        let found = admin.verify_log().await;
        assert_eq!((&found["valid"], &found["verified"]), (&json!(true), &json!(10)), "{found}");
        let reason = "The log was altered before the server wrote entry 9.";
        assert_eq!(found["breaks"][0]["reason"], reason);
        // Found once more, and reported once more.
        app.execute(sql).await;
        admin.create_key(&json!({ "name": "later" })).await;
        let reason = "The log was altered before the server wrote entry 11. Entries 1 to 10 are \
                      intact, but for breaks that are acknowledged.";
        assert_eq!(admin.verify_log().await["broken"], json!({ "seq": 11, "reason": reason }));
    }
}

async fn an_end_that_is_missing_is_the_same_break_after_the_log_went_on(backend: Backend) {
    let (app, admin) = started(backend).await;
    app.execute("DELETE FROM audit_log WHERE seq >= 7").await;
    let missing = json!({
        "seq": 7, "reason": "Entries 7 to 8 are missing. Entries 1 to 6 are intact.",
    });
    assert_eq!(admin.verify_log().await["broken"], missing);
    admin.create_key(&json!({ "name": "later" })).await;
    assert_eq!(admin.verify_log().await["broken"], missing);
    acknowledge(&app, 7).await.unwrap();
    assert_eq!(admin.verify_log().await["valid"], true);
}

async fn a_break_is_acknowledged_on_the_command_line(backend: Backend) {
    let (app, admin) = started(backend).await;
    app.execute("UPDATE audit_log SET target = 'B' WHERE seq = 3").await;
    let database = &app.database;
    let (code, out, error) = database.run(&["audit", "verify"]);
    assert_eq!(code, 1, "{error}");
    assert!(
        out.contains("3: Entry 3 was altered: its hash does not match its content.\n"),
        "{out}"
    );
    for because in ["", " ", "two\nlines", &"x".repeat(501)] {
        let (code, _, error) = database.run(&["audit", "acknowledge", "3", "--because", because]);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("1 to 500 characters"), "{error}");
    }
    assert_eq!(database.run(&["audit", "acknowledge", "3"]).0, 2, "it is explained");
    assert_eq!(database.run(&["audit", "acknowledge", "4", "--because", "why"]).0, 1);
    assert_eq!(admin.verify_log().await["valid"], false, "what was refused changed nothing");
    assert_eq!(app.audit_entries().await, 8);
    let (code, out, _) = database.run(&["audit", "acknowledge", "3", "--because", "a test"]);
    assert_eq!((code, out.trim()), (0, "the break at entry 3 is acknowledged"));
    let (code, out, error) = database.run(&["audit", "verify"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        out.contains("does not match its content. (acknowledged by command line: a test)"),
        "{out}"
    );
    assert_eq!(admin.verify_log().await["valid"], true);
}

async fn entries_added_after_an_earlier_head_do_not_keep_the_server_from_recording(
    backend: Backend,
) {
    let (app, _) = started(backend).await;
    app.execute("CREATE TABLE kept AS SELECT * FROM audit_head").await;
    app.admin().await;
    app.execute("DELETE FROM audit_head").await;
    app.execute("INSERT INTO audit_head SELECT * FROM kept").await;
    // A server that starts now has seen no later head.
    let sibling = app.sibling().await;
    let admin = sibling.admin().await;
    let reason = "The log was altered before the server wrote entry 10. Entries 1 to 9 are intact.";
    assert_eq!(admin.verify_log().await["broken"], json!({ "seq": 10, "reason": reason }));
}

async fn an_entry_that_cannot_be_read_is_a_break(backend: Backend) {
    // PostgreSQL takes nothing else than what a column is for.
    let changes = match backend {
        Backend::Sqlite => &["SET target = x'ff'", "SET time = 'never'", "SET mac = 'text'"][..],
        Backend::Postgres => &[],
    };
    for set in changes {
        let (app, admin) = started(backend).await;
        app.execute(&format!("UPDATE audit_log {set} WHERE seq = 3")).await;
        let found = admin.verify_log().await;
        assert_eq!(
            (&found["broken"]["seq"], &found["totalBreaks"]),
            (&json!(3), &json!(1)),
            "{set}"
        );
        acknowledge(&app, 3).await.unwrap();
        assert_eq!(admin.verify_log().await["valid"], true);
    }
}

async fn the_progress_of_a_check_is_reported(backend: Backend) {
    let (app, admin) = started(backend).await;
    let reported = std::sync::Mutex::new(Vec::new());
    let within = |progress| {
        assert_eq!(app.state.audit.progress(), Some(progress));
        reported.lock().unwrap().push((progress.checked, progress.total));
    };
    app.state.audit.verify_with(&app.state.db, within).await.unwrap();
    assert_eq!(*reported.lock().unwrap(), [(8, 8)]);
    let path = "/api/admin/audit/verify/progress";
    assert_eq!(admin.get(path).await.expect(200).data(), json!({ "running": null }));
}
