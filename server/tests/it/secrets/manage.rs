//! Secrets over HTTP: added, listed, read, changed, deleted, by people and by keys.

use futures_util::future::join_all;
use http::Method;
use keyward::encryption::columns::SECRETS;
use serde_json::{Value, json};

use crate::support::earlier::{execute, sign_unbound, unbind};
use crate::support::{Answer, App, Backend, EMAIL, on_both_databases};

on_both_databases!(
    a_secret_is_added_listed_read_changed_and_deleted,
    a_key_reads_and_writes_only_with_the_scope,
    a_key_that_is_presented_goes_before_the_session,
    a_change_with_a_stale_tag_is_refused,
    the_tag_moves_even_when_the_clock_does_not,
    values_are_kept_byte_for_byte,
    the_database_holds_no_value,
    of_many_who_add_the_same_key_one_wins,
    a_value_that_was_moved_or_changed_is_an_error_and_not_sent,
    two_names_that_were_swapped_are_an_error_and_no_value_is_sent,
    a_value_of_an_earlier_version_opens_under_its_name_alone,
    an_older_ciphertext_without_a_key_is_not_taken_for_the_older_layout,
);

fn created(answer: &Answer) -> String {
    answer.data()["id"].as_str().unwrap().to_owned()
}

async fn a_secret_is_added_listed_read_changed_and_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
    let body = json!({ "key": "A_KEY", "value": "v1", "description": " for CI " });
    let answer = admin.post("/api/secrets", &body).await.expect(200);
    let (id, time) = (created(&answer), "2026-01-01T12:00:00Z");
    let expected = json!({ "id": id, "key": "A_KEY", "description": "for CI", "createdAt": time });
    assert_eq!(answer.data(), expected);
    assert_eq!(answer.header("etag"), format!("\"{time}\""));
    admin.add_secret("A", "other").await;

    let listed = admin.get("/api/secrets").await.expect(200).data();
    assert_eq!(listed[0]["key"], "A");
    let expected = json!({
        "id": id, "key": "A_KEY", "description": "for CI", "createdAt": time,
        "updatedAt": time, "createdBy": EMAIL,
    });
    assert_eq!(listed[1], expected);
    let answer = admin.get("/api/secrets/A_KEY").await.expect(200);
    assert_eq!(answer.data(), json!({ "key": "A_KEY", "value": "v1" }));
    assert_eq!(answer.header("cache-control"), "no-store");

    app.clock.advance(std::time::Duration::from_secs(1));
    let later = "2026-01-01T12:00:01Z";
    let answer = admin.put_secret("A_KEY", &json!({ "value": "v2" })).await.expect(200);
    let expected = json!({ "id": id, "key": "A_KEY", "description": "for CI", "updatedAt": later });
    assert_eq!(answer.data(), expected);
    assert_eq!(admin.secret("A_KEY").await, "v2");
    let answer = admin.put_secret("A_KEY", &json!({ "description": null })).await.expect(200);
    assert_eq!(answer.data()["description"], Value::Null);
    assert_eq!(admin.secret("A_KEY").await, "v2", "a change of the description keeps the value");
    admin.put_secret("A_KEY", &json!({})).await.expect(200);

    let answer = admin.delete("/api/secrets/A_KEY").await.expect(200);
    assert_eq!(answer.data(), json!({ "deleted": true }));
    let message = "Secret with key \"A_KEY\" not found";
    for gone in [
        admin.get("/api/secrets/A_KEY").await,
        admin.delete("/api/secrets/A_KEY").await,
        admin.put_secret("A_KEY", &json!({ "value": "v3" })).await,
    ] {
        gone.expect_problem(404, "secret_not_found", message);
    }
    assert_eq!(admin.secret("A").await, "other");
}

async fn a_key_reads_and_writes_only_with_the_scope(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "v").await;
    let anonymous = app.anonymous();
    let key = async |name: &str, scopes: Value| {
        admin.create_key(&json!({ "name": name, "scopes": scopes })).await.1
    };
    let reader = key("reader", json!(["secrets:read"])).await;
    let writer = key("writer", json!(["secrets:write"])).await;
    let neither = key("neither", json!(["secrets:rea", "secrets:readx", "secrets"])).await;
    let call = async |method: Method, path: &str, key: &str, body: Option<Value>| {
        let headers: [(&str, &[u8]); 2] =
            [("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
        anonymous.send(method, path, &headers, body.map(|body| body.to_string().into())).await
    };
    let answer = call(Method::GET, "/api/secrets/A", &reader, None).await.expect(200);
    assert_eq!(answer.data()["value"], "v");
    call(Method::GET, "/api/secrets", &reader, None).await.expect(200);
    let new = json!({ "key": "B", "value": "w" });
    let change = json!({ "value": "x" });
    for (method, path, body) in [
        (Method::POST, "/api/secrets", Some(&new)),
        (Method::PUT, "/api/secrets/A", Some(&change)),
        (Method::DELETE, "/api/secrets/A", None),
    ] {
        for key in [&reader, &neither] {
            let answer = call(method.clone(), path, key, body.cloned()).await;
            let message = "This key lacks the scope secrets:write";
            answer.expect_problem(403, "missing_scope", message);
        }
    }
    for path in ["/api/secrets", "/api/secrets/A", "/api/secrets/NOTHING"] {
        for key in [&writer, &neither] {
            let answer = call(Method::GET, path, key, None).await;
            let message = "This key lacks the scope secrets:read";
            answer.expect_problem(403, "missing_scope", message);
        }
    }
    assert_eq!(admin.secret("A").await, "v", "what was refused changed nothing");
    call(Method::POST, "/api/secrets", &writer, Some(new)).await.expect(200);
    call(Method::PUT, "/api/secrets/A", &writer, Some(change)).await.expect(200);
    assert_eq!(admin.secret("A").await, "x");
    call(Method::DELETE, "/api/secrets/A", &writer, None).await.expect(200);
    admin.get("/api/secrets/A").await.expect(404);
    let listed = admin.get("/api/secrets").await.expect(200).data();
    assert_eq!((&listed[0]["key"], &listed[0]["createdBy"]), (&json!("B"), &json!("writer")));
    for refused in ["kw_unknown", "", "a,b"] {
        call(Method::GET, "/api/secrets/A", refused, None).await.expect(401);
    }
}

async fn a_key_that_is_presented_goes_before_the_session(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, plain) = admin.create_key(&json!({ "name": "plain" })).await;
    admin.get_as(&plain, "/api/secrets").await.expect(403);
    admin.get_with("/api/secrets", &[("x-api-key", b"kw_unknown")]).await.expect(401);
    admin.get("/api/secrets").await.expect(200);
}

async fn a_change_with_a_stale_tag_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let first = admin.add_secret("A", "v1").await.header("etag").to_owned();
    let call = async |method: Method, tag: &str, body: Option<Value>| {
        let headers: [(&str, &[u8]); 2] =
            [("if-match", tag.as_bytes()), ("content-type", b"application/json")];
        admin
            .send(method, "/api/secrets/A", &headers, body.map(|body| body.to_string().into()))
            .await
    };
    let change = || Some(json!({ "value": "v2" }));
    let second = call(Method::PUT, &first, change()).await.expect(200).header("etag").to_owned();
    assert_ne!(first, second);
    let message = "Secret with key \"A\" was changed in the meantime";
    for stale in [first.as_str(), "\"nonsense\"", &format!("W/{second}")] {
        let answer = call(Method::PUT, stale, Some(json!({ "value": "v3" }))).await;
        answer.expect_problem(412, "secret_changed", message);
        let answer = call(Method::DELETE, stale, None).await;
        answer.expect_problem(412, "secret_changed", message);
    }
    call(Method::PUT, "no tag at all", change()).await.expect(412);
    assert_eq!(admin.secret("A").await, "v2");
    let either = format!("\"x\", {second}");
    let third = call(Method::PUT, &either, change()).await.expect(200).header("etag").to_owned();
    assert_eq!(admin.get("/api/secrets/A").await.header("etag"), third);
    call(Method::DELETE, "*", None).await.expect(200);
    // What is not there is 404, whatever is expected of it.
    call(Method::DELETE, "*", None).await.expect(404);
}

async fn the_tag_moves_even_when_the_clock_does_not(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let mut tags = vec![admin.add_secret("A", "v").await.header("etag").to_owned()];
    for n in 0..5 {
        let answer = admin.put_secret("A", &json!({ "value": n.to_string() })).await.expect(200);
        tags.push(answer.header("etag").to_owned());
    }
    tags.dedup();
    assert_eq!(tags.len(), 6, "{tags:?}");
}

async fn values_are_kept_byte_for_byte(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let long = "\u{1f511}".repeat(16 * 1024);
    let control: String = ('\u{1}'..='\u{1f}').cycle().take(64 * 1024).collect();
    for text in [" ", "  a\r\n\tb  ", "null", "\u{feff}\u{202e}e\u{301}", &long, &control] {
        admin.add_secret("A", text).await;
        assert_eq!(admin.secret("A").await, text);
        admin.delete("/api/secrets/A").await.expect(200);
    }
}

async fn the_database_holds_no_value(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "planted-value-in-the-clear").await;
    let rows = keyward::secrets::store::find(&app.state.db, "A").await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&rows.encrypted_value);
    assert!(!text.contains("planted"));
    assert_eq!((rows.encrypted_value[0], rows.encrypted_value.len()), (2, 26 + 93));
    assert!(rows.key_id.is_some() && rows.iv.is_none());
    if backend == Backend::Sqlite {
        for file in std::fs::read_dir(app.database.folder()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"planted"));
        }
    }
}

async fn of_many_who_add_the_same_key_one_wins(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = |n: usize| json!({ "key": "SAME", "value": n.to_string() });
    let bodies: Vec<Value> = (0..20).map(body).collect();
    let answers = join_all(bodies.iter().map(|body| admin.post("/api/secrets", body))).await;
    let winners: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].status == 200).collect();
    assert_eq!(winners.len(), 1);
    for (n, answer) in answers.into_iter().enumerate() {
        if n != winners[0] {
            let message = "Secret with key \"SAME\" already exists";
            let answer = answer.expect_problem(409, "secret_exists", message);
            assert_eq!(answer.body()["errors"][0]["field"], "key");
        }
    }
    assert_eq!(admin.secret("SAME").await, winners[0].to_string());
}

async fn a_value_that_was_moved_or_changed_is_an_error_and_not_sent(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "value of a").await;
    admin.add_secret("B", "value of b").await;
    let row =
        async |key: &str| keyward::secrets::store::find(&app.state.db, key).await.unwrap().unwrap();
    let (a, b) = (row("A").await, row("B").await);
    let key_id = a.key_id.clone().unwrap();
    let replace = async |id: &str, sealed: &[u8]| {
        let rows = vec![(id.to_owned(), sealed.to_vec())];
        assert_eq!(SECRETS.replace(&app.state.db, &key_id, rows).await.unwrap(), 1);
    };
    let mut flipped = a.encrypted_value.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for sealed in [&b.encrypted_value[..], &flipped, &a.encrypted_value[..90], b""] {
        replace(&a.id, sealed).await;
        let answer = admin.get("/api/secrets/A").await;
        let message = "Secret with key \"A\" cannot be decrypted";
        answer.expect_problem(500, "secret_unreadable", message);
    }
    replace(&a.id, &a.encrypted_value).await;
    assert_eq!(admin.secret("A").await, "value of a");
    // A key that is not stored is named in the log; the value is not guessed.
    let rows = vec![(a.id.clone(), a.encrypted_value.clone())];
    SECRETS.replace(&app.state.db, "unknown", rows).await.unwrap();
    admin.get("/api/secrets/A").await.expect(500);
    // It can still be replaced or deleted.
    admin.put_secret("A", &json!({ "value": "new" })).await.expect(200);
    assert_eq!(admin.secret("A").await, "new");
}

async fn swap_names(app: &App) {
    for (from, to) in [("A", "C"), ("B", "A"), ("C", "B")] {
        let sql = "UPDATE secrets SET key = $1 WHERE key = $2";
        assert_eq!(execute(&app.state.db, sql, vec![to.into(), from.into()]).await, 1);
    }
}

#[track_caller]
fn expect_unreadable(answer: Answer, key: &str) {
    let message = format!("Secret with key \"{key}\" cannot be decrypted");
    answer.expect_problem(500, "secret_unreadable", &message);
}

async fn two_names_that_were_swapped_are_an_error_and_no_value_is_sent(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "value of a").await;
    admin.add_secret("B", "value of b").await;
    swap_names(&app).await;
    for key in ["A", "B"] {
        expect_unreadable(admin.get(&format!("/api/secrets/{key}")).await, key);
    }
    admin.rotate_data_key().await.expect(500);
    swap_names(&app).await;
    assert_eq!(admin.secret("A").await, "value of a");
}

async fn a_value_of_an_earlier_version_opens_under_its_name_alone(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "value of a").await;
    admin.add_secret("B", "value of b").await;
    unbind(&app.state.db).await;
    for key in ["A", "B"] {
        expect_unreadable(admin.get(&format!("/api/secrets/{key}")).await, key);
    }
    assert_eq!(sign_unbound(&app.state.db).await, 2);
    assert_eq!(admin.secret("A").await, "value of a");
    admin.put_secret("A", &json!({ "description": "another" })).await.expect(200);
    assert_eq!(admin.secret("A").await, "value of a", "the description is not bound");
    // Another name; and the other row's value, with its mac and without.
    swap_names(&app).await;
    expect_unreadable(admin.get("/api/secrets/A").await, "A");
    swap_names(&app).await;
    let sql = "UPDATE secrets SET encrypted_value = (SELECT encrypted_value FROM secrets WHERE \
               key = 'B') WHERE key = 'A'";
    execute(&app.state.db, sql, vec![]).await;
    expect_unreadable(admin.get("/api/secrets/A").await, "A");
    let sql = "UPDATE secrets SET mac = (SELECT mac FROM secrets WHERE key = 'B') WHERE key = 'A'";
    execute(&app.state.db, sql, vec![]).await;
    expect_unreadable(admin.get("/api/secrets/A").await, "A");
    admin.put_secret("A", &json!({ "value": "new" })).await.expect(200);
    assert_eq!(admin.secret("A").await, "new");
    assert_eq!(sign_unbound(&app.state.db).await, 1, "B is left");
    let answer = admin.rotate_data_key().await;
    assert_eq!(answer.expect(200).data()["reEncrypted"], 2);
    assert_eq!(sign_unbound(&app.state.db).await, 0);
    assert_eq!(admin.secret("B").await, "value of b");
    let rows = SECRETS.after(&app.state.db, "", 10).await.unwrap();
    assert!(rows.iter().all(|row| row.sealed[0] == 2 && row.mac.is_none()));
}

async fn an_older_ciphertext_without_a_key_is_not_taken_for_the_older_layout(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "value of a").await;
    // Sealed directly under the root key, for another row of another day.
    let (iv, sealed) = ("000102030405060708090a0b", "c758c536c9b9b09a9c3b46a2f38810a9a3");
    let bytes = |text: &str| sea_orm::Value::from(hex::decode(text).unwrap());
    let sql = "UPDATE secrets SET key_id = NULL, encrypted_value = $1, iv = $2";
    execute(&app.state.db, sql, vec![bytes(sealed), bytes(iv)]).await;
    expect_unreadable(admin.get("/api/secrets/A").await, "A");
    admin.rotate_data_key().await.expect(500);
    sign_unbound(&app.state.db).await;
    assert_eq!(admin.secret("A").await, "v", "with the mac, it is one of the older layout");
    execute(&app.state.db, "UPDATE secrets SET key = 'B'", vec![]).await;
    expect_unreadable(admin.get("/api/secrets/B").await, "B");
}
