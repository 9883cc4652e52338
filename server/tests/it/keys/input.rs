//! Every bad input about keys gets a clear error, and nothing is lost or changed.

use http::Method;
use keyward::settings::{self, RowType};
use serde_json::{Value, json};

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    bad_names_are_refused_with_the_sentence_of_the_contract,
    bad_bodies_are_refused,
    a_taken_name_is_refused_on_creation_and_on_renaming,
    names_that_are_invisible_or_look_like_another_are_refused,
    a_name_is_stored_in_one_form,
    rows_with_names_of_an_older_version_keep_working,
    ids_that_are_no_key_answer_404_and_change_nothing,
);

async fn everything(app: &App) -> Vec<keyward::settings::Model> {
    use sea_orm::EntityTrait;
    let mut rows = keyward::settings::Entity::find().all(&app.state.db).await.unwrap();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

async fn bad_names_are_refused_with_the_sentence_of_the_contract(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "kept" })).await;
    let before = everything(&app).await;
    let control = "Name must not contain control characters";
    for (name, message) in [
        (json!(""), "Name is required"),
        (json!(" \u{3000}\t"), "Name is required"),
        (json!("x".repeat(65)), "Name must be 64 characters or fewer"),
        (json!("\u{1f511}".repeat(65)), "Name must be 64 characters or fewer"),
        (json!("a\0b"), control),
        (json!("a\nb"), control),
        (json!("a\u{85}b"), control),
        (json!(5), "Expected a string"),
        (json!(["a"]), "Expected a string"),
        (Value::Null, "Name is required"),
    ] {
        for (method, path) in
            [(Method::POST, "/api/keys".into()), (Method::PATCH, format!("/api/keys/{id}"))]
        {
            let answer = admin.json(method, &path, &json!({ "name": name })).await;
            let answer = answer.expect_problem(400, "validation_failed", message);
            assert_eq!(answer.body()["errors"], json!([{ "field": "name", "message": message }]));
        }
    }
    assert_eq!(everything(&app).await, before);
    // 64 characters are fine, however many bytes they have.
    admin.create_key(&json!({ "name": "\u{1f511}".repeat(64) })).await;
}

async fn bad_bodies_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let before = everything(&app).await;
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(64 * 1024));
    let json_type: &[u8] = b"application/json";
    for (body, content_type, status, code) in [
        ("", json_type, 400, "invalid_json"),
        ("{", json_type, 400, "invalid_json"),
        (r#"{"name":"a"} trailing"#, json_type, 400, "invalid_json"),
        ("\u{feff}{}", json_type, 400, "validation_failed"),
        (r#"["a",[],null]"#, json_type, 400, "validation_failed"),
        (
            r#"{"name":"a","expiresAt":"9999-12-31T23:59:59-23:00"}"#,
            json_type,
            400,
            "validation_failed",
        ),
        ("[]", json_type, 400, "validation_failed"),
        (r#""name""#, json_type, 400, "validation_failed"),
        ("{}", json_type, 400, "validation_failed"),
        (r#"{"name":"a","Name":"b"}"#, json_type, 400, "validation_failed"),
        (r#"{"name":"a","name":"b"}"#, json_type, 400, "validation_failed"),
        (r#"{"name":"a","scopes":["Orders"]}"#, json_type, 400, "validation_failed"),
        (r#"{"name":"a","scopes":"a"}"#, json_type, 400, "validation_failed"),
        (r#"{"name":"a","expiresAt":"tomorrow"}"#, json_type, 400, "validation_failed"),
        (r#"{"name":"a","expiresAt":"2025-01-01T00:00:00Z"}"#, json_type, 400, "validation_failed"),
        (r#"{"name":"a"}"#, b"text/plain", 415, "unsupported_media_type"),
        (r#"{"name":"a"}"#, b"application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (&long, json_type, 413, "body_too_large"),
    ] {
        let headers = [("content-type", content_type)];
        let answer = admin.send(Method::POST, "/api/keys", &headers, Some(body.into())).await;
        let shown = &body[..body.len().min(60)];
        assert_eq!(answer.status, status, "{shown}: {}", answer.text);
        assert_eq!(answer.body()["code"], code, "{shown}: {}", answer.text);
    }
    let not_utf8 = b"{\"name\":\"\xff\"}".to_vec();
    let headers = [("content-type", json_type)];
    admin.send(Method::POST, "/api/keys", &headers, Some(not_utf8)).await.expect(400);
    let no_type = admin.send(Method::POST, "/api/keys", &[], Some(b"{}".to_vec())).await;
    no_type.expect(415);
    assert_eq!(everything(&app).await, before);
}

async fn a_taken_name_is_refused_on_creation_and_on_renaming(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.create_key(&json!({ "name": "taken" })).await;
    let (id, _) = admin.create_key(&json!({ "name": "other" })).await;
    let before = everything(&app).await;
    let message = "An API key named \"taken\" already exists";
    for answer in [
        admin.post("/api/keys", &json!({ "name": " taken " })).await,
        admin.patch(&format!("/api/keys/{id}"), &json!({ "name": "taken" })).await,
    ] {
        let answer = answer.expect_problem(409, "key_name_taken", message);
        assert_eq!(answer.body()["errors"], json!([{ "field": "name", "message": message }]));
    }
    assert_eq!(everything(&app).await, before);
    // Another case is another name.
    admin.create_key(&json!({ "name": "Taken" })).await;
}

async fn names_that_are_invisible_or_look_like_another_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "kept" })).await;
    let before = everything(&app).await;
    let unseen = "Name must contain a visible character";
    let invisible = "Name must not contain invisible characters";
    let control = "Name must not contain control characters";
    for (name, message) in [
        ("\u{200b}", unseen),
        ("\u{3164}", unseen),
        ("\u{2800}\u{feff}", unseen),
        ("\u{301}", unseen),
        ("kept\u{200b}", invisible),
        ("ke\u{ad}pt", invisible),
        ("\u{feff}kept", invisible),
        ("ke\u{200d}pt", invisible),
        ("kept\u{e0041}", invisible),
        ("\u{202e}tpek", control),
        ("ke\u{2028}pt", control),
    ] {
        for (method, path) in
            [(Method::POST, "/api/keys".into()), (Method::PATCH, format!("/api/keys/{id}"))]
        {
            let answer = admin.json(method, &path, &json!({ "name": name })).await;
            let answer = answer.expect_problem(400, "validation_failed", message);
            assert_eq!(answer.body()["errors"][0]["field"], "name", "{name:?}");
        }
    }
    assert_eq!(everything(&app).await, before);
    for seen in ["\u{1f469}\u{200d}\u{1f4bb}", "\u{2764}\u{fe0f}", "\u{5d0}\u{5d1}", "!"] {
        admin.create_key(&json!({ "name": seen })).await;
    }
}

async fn a_name_is_stored_in_one_form(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let made = admin.post("/api/keys", &json!({ "name": "cafe\u{301}  \u{a0}1" })).await;
    assert_eq!(made.expect(200).data()["name"], "caf\u{e9} 1");
    let message = "An API key named \"caf\u{e9} 1\" already exists";
    for same in ["caf\u{e9} 1", "cafe\u{301} 1", " caf\u{e9}\u{3000}1", "caf\u{e9}  1"] {
        let answer = admin.post("/api/keys", &json!({ "name": same })).await;
        answer.expect_problem(409, "key_name_taken", message);
    }
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 1);
    // As many characters as are stored.
    admin.create_key(&json!({ "name": "e\u{301}".repeat(64) })).await;
}

async fn rows_with_names_of_an_older_version_keep_working(backend: Backend) {
    use sea_orm::{ConnectionTrait, Statement};
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for (n, old) in ["a\u{200b}", "cafe\u{301}", "a  b", "\u{202e}x"].into_iter().enumerate() {
        let (id, key) = admin.create_key(&json!({ "name": format!("key {n}") })).await;
        let statement = Statement::from_sql_and_values(
            app.state.db.get_database_backend(),
            "UPDATE settings SET key = $1 WHERE id = $2",
            [old.into(), id.as_str().into()],
        );
        app.state.db.execute_raw(statement).await.unwrap();
        app.accept().await;
        app.verify(&key).await.expect(200);
        let path = format!("/api/keys/{id}");
        let changed = admin.patch(&path, &json!({ "enabled": true })).await.expect(200).data();
        assert_eq!(changed["name"], old);
        let renamed = admin.patch(&path, &json!({ "name": format!("new {n}") })).await;
        assert_eq!(renamed.expect(200).data()["name"], format!("new {n}"));
        app.verify(&key).await.expect(200);
    }
}

async fn ids_that_are_no_key_answer_404_and_change_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.create_key(&json!({ "name": "kept" })).await;
    let (db, rows, now) = (&app.state.db, &app.state.rows, app.state.clock.now());
    settings::insert(db, rows, RowType::Config, "fact", "a fact", "1".into(), now).await.unwrap();
    let before = everything(&app).await;
    let config = before.iter().find(|row| row.kind == "config").unwrap();
    for id in [
        config.id.as_str(),
        "00000000-0000-0000-0000-000000000000",
        "nonsense",
        "%00",
        "%ff",
        "..%2f",
        "'%20OR%20'1'='1",
        &"x".repeat(2_000),
    ] {
        let path = format!("/api/keys/{id}");
        let refused =
            [admin.delete(&path).await, admin.patch(&path, &json!({ "name": "b" })).await];
        for answer in refused {
            assert_eq!(answer.status, 404, "{id}: {}", answer.text);
        }
    }
    assert_eq!(everything(&app).await, before);
}
