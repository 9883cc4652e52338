//! `keyward store accept`: what it takes over, and what it leaves.

use std::fs;

use keyward::encryption;
use serde_json::json;

use super::accepted;
use crate::support::earlier::make_earlier;
use crate::support::{ADMIN, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    another_store_is_refused_until_it_is_accepted,
    a_store_of_an_earlier_version_is_not_signed_in_the_place_of_another,
    what_was_revoked_stays_so_for_ever,
    an_old_key_that_was_ended_stays_so_while_its_successor_works,
    one_that_continues_is_not_behind,
);

async fn another_store_is_refused_until_it_is_accepted(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    drop(App::with(database.shared(), &ADMIN).await);
    let copy = database.copy();
    // Another one is made in its place.
    database.wipe().await;
    database.does(&["store", "accept", "--yes"]);
    drop(App::with(database.shared(), &ADMIN).await);
    database.put_back(&copy).await;
    let error = database.refused_start();
    assert!(error.contains("is not the one") && error.contains("store accept"), "{error}");
    let (code, _, error) = database.run(&["keys", "create", "--name", "a"]);
    assert!(code == 78 && error.contains("is not the one"), "{error}");
    database.does(&["store", "accept", "--yes"]);
    database.does(&["store", "check"]);
    let app = App::with(database, &[]).await;
    assert_eq!(app.admin().await.audit_log("&action=store.accept").await.len(), 1);
}

async fn a_store_of_an_earlier_version_is_not_signed_in_the_place_of_another(backend: Backend) {
    let app = App::start(backend).await;
    make_earlier(&app.state.db).await;
    let keys = async || encryption::store::list(&app.state.db).await.unwrap();
    let before = keys().await;
    assert!(app.database.refused_start().contains("is not the one"));
    let (code, ..) = app.database.run(&["keys", "list"]);
    assert_eq!(code, 78, "that would sign it as well");
    assert_eq!(keys().await, before);
    app.database.does(&["store", "accept", "--yes"]);
    assert_eq!(keys().await.len(), before.len() + 1);
    drop(App::with(app.database.shared(), &[]).await);
}

async fn what_was_revoked_stays_so_for_ever(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let database = app.database.shared();
    app.end().await;
    let copy = database.copy();
    let app = App::with(database.shared(), &[]).await;
    app.admin().await.delete(&format!("/api/keys/{id}")).await.expect(200);
    app.end().await;
    for _ in 0..2 {
        database.put_back(&copy).await;
        database.refused_start();
        let out = database.does(&["store", "accept", "--yes"]);
        assert!(out.contains("1 revoked keys deleted"), "{out}");
        let app = App::with(database.shared(), &[]).await;
        assert!(!app.accepts(&key).await);
        app.end().await;
    }
    // Nobody accepts it, whatever the database says: it is put back by hand and signed.
    let app = App::with(database.shared(), &[]).await;
    let value = json!({ "key_prefix": "k", "key_hash": keyward_core::digest::KeyDigest::of(&key).to_hex() });
    let sql = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('{id}', 'api_key', 'n', '{value}')"
    );
    app.execute(&sql).await;
    app.accept().await;
    app.end().await;
    let app = App::with(database.shared(), &[]).await;
    assert!(!app.accepts(&key).await);
    let shown = app.admin().await.keys().await;
    assert_eq!((shown[0]["name"].clone(), shown[0]["altered"].clone()), (json!("n"), json!(true)));
    app.state.keys.refresh().await.unwrap();
    let recorded = app.admin().await.audit_log("&action=store.altered").await;
    assert_eq!(recorded[0]["target"], "the API key n");
    let overview = app.admin().await.get("/api/overview").await.expect(200).data();
    let kinds: Vec<_> =
        overview["attention"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert!(kinds.contains(&&json!("rowsAltered")), "{kinds:?}");
    // No change of it makes it good again, but it can be deleted.
    let path = format!("/api/keys/{id}");
    let admin = app.admin().await;
    for change in [json!({ "enabled": false }), json!({ "enabled": true }), json!({ "name": "m" })]
    {
        admin.patch(&path, &change).await.expect(200);
        assert!(!app.accepts(&key).await);
        let other = app.sibling().await;
        assert!(!other.accepts(&key).await);
    }
    let (code, out, _) = database.run(&["store", "check"]);
    assert!(code == 1 && out.contains("was revoked"), "{out}");
    admin.delete(&path).await.expect(200);
    database.does(&["store", "check"]);
}

async fn an_old_key_that_was_ended_stays_so_while_its_successor_works(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "n" })).await;
    let new = admin.rotated_key(&id, 3_600).await;
    assert_eq!(accepted(&app, [old.as_str(), &new]), 2);
    let database = app.database.shared();
    app.end().await;
    let copy = database.copy();
    let app = App::with(database.shared(), &[]).await;
    app.admin().await.delete(&format!("/api/keys/{id}/overlap")).await.expect(200);
    app.end().await;
    database.put_back(&copy).await;
    let error = database.refused_start();
    assert!(!error.contains(&old), "{error}");
    // The clock of the tests is behind that of the program, for which the overlap may be over.
    database.does(&["store", "accept", "--yes"]);
    let app = App::with(database, &[]).await;
    assert!(!app.accepts(&old).await && app.accepts(&new).await);
}

async fn one_that_continues_is_not_behind(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    drop(App::with(database.shared(), &ADMIN).await);
    let mark = database.seen();
    let before = fs::read(&mark).unwrap();
    database.does(&["keys", "create", "--name", "a"]);
    database.does(&["keys", "create", "--name", "b"]);
    drop(App::with(database.shared(), &[]).await);
    // An earlier watermark is of the same store.
    fs::write(&mark, before).unwrap();
    drop(App::with(database.shared(), &[]).await);
    database.does(&["store", "check"]);
}
