//! Two-factor: switched on and off, signing in with codes and recovery codes.

use std::time::Duration;

use http::Method;
use keyward::clock::Clock;
use keyward::session::entity::totp_secrets;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::authenticator::{
    Authenticator, enrol, expect_wrong_code, last_event, recovery_codes, sign_in, user,
};
use crate::support::program::Server;
use crate::support::{ADMIN, App, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    nothing_is_stored_before_a_code_is_shown,
    codes_are_asked_for_until_it_is_switched_off,
    what_does_not_prove_the_app_is_refused_and_changes_nothing,
    a_code_is_good_for_its_step_and_the_ones_beside_it_once,
    a_recovery_code_replaces_a_code_once,
    another_app_takes_the_place_of_the_first,
    a_rotation_of_the_data_key_keeps_it,
    neither_secret_nor_codes_are_in_the_log_the_database_or_any_error,
);

const NEEDED: &str = "A code of your authenticator app is needed";

async fn nothing_is_stored_before_a_code_is_shown(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let (before, entries) = (user(&app, EMAIL).await, app.audit_entries().await);
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let new = client.send(Method::POST, "/api/session/totp", &[], None).await.expect(200);
        assert_eq!(new.header("cache-control"), "no-store");
        let new = new.data();
        let secret = new["secret"].as_str().unwrap().to_owned();
        assert_eq!(secret.len(), 32);
        let uri = format!(
            "otpauth://totp/Keyward%20%28127.0.0.1%29:ada%40example.com?secret={secret}\
             &issuer=Keyward%20%28127.0.0.1%29"
        );
        assert_eq!(new["uri"], uri);
        let (size, path) = (new["qr"]["size"].as_u64().unwrap(), new["qr"]["path"].as_str());
        assert!((29..100).contains(&size) && path.unwrap().starts_with("M4 4h7v1h-7z"), "{new}");
        secrets.push(secret);
    }
    assert_ne!(secrets[0], secrets[1]);
    assert_eq!(user(&app, EMAIL).await, before);
    assert_eq!(totp_secrets::Entity::find().count(&app.state.db).await.unwrap(), 0);
    assert_eq!(app.audit_entries().await, entries);
    sign_in(&app.anonymous(), EMAIL, None).await.expect(200);
}

async fn codes_are_asked_for_until_it_is_switched_off(backend: Backend) {
    let app = App::start(backend).await;
    let (client, other) = (app.admin().await, app.admin().await);
    let shown = client.get("/api/session").await.expect(200).data();
    assert_eq!((&shown["twoFactor"], &shown["recoveryCodesLeft"]), (&json!(false), &json!(0)));
    let password = json!({ "password": PASSWORD });
    for path in ["disable", "recovery-codes"] {
        let answer = client.post(&format!("/api/session/totp/{path}"), &password).await;
        answer.expect_problem(409, "no_totp", "Two-factor is off for this account");
    }
    let (authenticator, codes) = enrol(&app, &client).await;
    assert_eq!(codes.len(), 10);
    let shown = client.get("/api/session").await.expect(200).data();
    assert_eq!((&shown["twoFactor"], &shown["recoveryCodesLeft"]), (&json!(true), &json!(10)));
    // It began without a code.
    other.get("/api/session").await.expect(401);
    let event = last_event(&client, "user.totp").await;
    assert_eq!(
        (&event["target"], &event["detail"]),
        (&json!(EMAIL), &json!("on, 1 other session ended"))
    );

    let entries = app.audit_entries().await;
    let answer = sign_in(&app.anonymous(), EMAIL, None).await;
    let answer = answer.expect_problem(401, "totp_required", NEEDED);
    assert_eq!(answer.header("set-cookie"), "");
    // A wrong password says nothing of it, with a code or without.
    for code in [None, Some(authenticator.code(&app, 1))] {
        let mut body = json!({ "email": EMAIL, "password": "wrong password" });
        if let Some(code) = code {
            body["code"] = code.into();
        }
        let answer = app.anonymous().post("/api/session", &body).await;
        answer.expect_problem(401, "wrong_credentials", "Email or password is wrong");
    }
    // What is no text is no code.
    let body = json!({ "email": EMAIL, "password": PASSWORD, "code": 123_456 });
    app.anonymous().post("/api/session", &body).await.expect(400);
    assert_eq!(app.audit_entries().await, entries + 1, "the wrong password alone, once");
    let newcomer = app.anonymous();
    let code = authenticator.code(&app, 1);
    let answer = sign_in(&newcomer, EMAIL, Some(&format!("{} {}", &code[..3], &code[3..]))).await;
    assert_eq!(answer.expect(200).data()["twoFactor"], true);
    newcomer.get("/api/session").await.expect(200);
    assert_eq!(last_event(&client, "session.create").await["detail"], "with a code");

    let wrong = json!({ "password": "wrong password" });
    for path in ["disable", "recovery-codes"] {
        let answer = client.post(&format!("/api/session/totp/{path}"), &wrong).await;
        let answer = answer.expect_problem(400, "validation_failed", "Password is wrong");
        assert_eq!(answer.body()["errors"][0]["field"], "password");
    }
    let refused = client.audit_log("&action=user.totp&outcome=refused").await;
    assert_eq!(refused[0]["detail"], "the password is wrong");
    let off = client.post("/api/session/totp/disable", &password).await.expect(200).data();
    assert_eq!((&off["twoFactor"], &off["recoveryCodesLeft"]), (&json!(false), &json!(0)));
    assert_eq!(last_event(&client, "user.totp").await["detail"], "off");
    assert_eq!(totp_secrets::Entity::find().count(&app.state.db).await.unwrap(), 0);
    newcomer.get("/api/session").await.expect(200);
    sign_in(&app.anonymous(), EMAIL, None).await.expect(200);
    // Where none is asked for, one is no harm.
    sign_in(&app.anonymous(), EMAIL, Some("whatever")).await.expect(200);
}

async fn what_does_not_prove_the_app_is_refused_and_changes_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let (client, other) = (app.admin().await, app.admin().await);
    let (before, entries) = (user(&app, EMAIL).await, app.audit_entries().await);
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let authenticator = Authenticator::new(secret);
    let (code, old) = (authenticator.code(&app, 0), authenticator.code(&app, -2));
    let not_base32 = "Expected 32 characters of base32";
    let not_shown = "This is not the code that the app shows now";
    for (secret, code, password, field, message) in [
        ("", &*code, PASSWORD, "secret", not_base32),
        ("GEZDGNBVGY3TQOJQ", &code, PASSWORD, "secret", not_base32),
        ("planted-GY3TQOJQGEZDGNBVGY3TQOJQ", &code, PASSWORD, "secret", not_base32),
        (secret, "", PASSWORD, "code", not_shown),
        (secret, &old, PASSWORD, "code", not_shown),
        (secret, "planted", PASSWORD, "code", not_shown),
        (secret, &code, "planted-guess", "password", "Password is wrong"),
    ] {
        let body = json!({ "secret": secret, "code": code, "password": password });
        let answer = client.put("/api/session/totp", &body).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"][0]["field"], field, "{body}");
        assert!(!answer.text.contains("planted"), "{answer:?}");
    }
    for missing in ["secret", "code", "password"] {
        let mut body = json!({ "secret": secret, "code": code, "password": PASSWORD });
        body.as_object_mut().unwrap().remove(missing);
        client.put("/api/session/totp", &body).await.expect(400);
    }
    assert_eq!(user(&app, EMAIL).await, before);
    assert_eq!(totp_secrets::Entity::find().count(&app.state.db).await.unwrap(), 0);
    other.get("/api/session").await.expect(200);
    assert_eq!(app.audit_entries().await, entries + 1, "the refusal of the wrong password");
}

async fn a_code_is_good_for_its_step_and_the_ones_beside_it_once(backend: Backend) {
    let app = App::start(backend).await;
    let (authenticator, _) = enrol(&app, &app.admin().await).await;
    let client = app.anonymous();
    // That which switched it on was used.
    expect_wrong_code(&client, &authenticator.code(&app, 0)).await;
    app.clock.advance(Duration::from_mins(10));
    let right = async |steps| {
        let code = authenticator.code(&app, steps);
        sign_in(&client, EMAIL, Some(&code)).await.expect(200);
    };
    let wrong = async |steps| expect_wrong_code(&client, &authenticator.code(&app, steps)).await;
    wrong(-2).await;
    wrong(2).await;
    right(-1).await;
    wrong(-1).await;
    right(0).await;
    // Used, and one before it that was not.
    wrong(0).await;
    wrong(-1).await;
    right(1).await;
    wrong(1).await;
    wrong(0).await;
    // The last second in which a code is good: it is of the step before.
    app.clock.advance(Duration::from_mins(5));
    let code = authenticator.code(&app, 0);
    app.clock.advance(Duration::from_secs(59));
    sign_in(&client, EMAIL, Some(&code)).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    let code = authenticator.code(&app, 0);
    app.clock.advance(Duration::from_mins(1));
    expect_wrong_code(&client, &code).await;
}

async fn a_recovery_code_replaces_a_code_once(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (authenticator, codes) = enrol(&app, &admin).await;
    let client = app.anonymous();
    let shown = sign_in(&client, EMAIL, Some(&codes[3])).await.expect(200).data();
    assert_eq!(shown["recoveryCodesLeft"], 9);
    let event = last_event(&client, "session.create").await;
    assert_eq!(event["detail"], "with a recovery code, 9 left");
    expect_wrong_code(&client, &codes[3]).await;
    // As a person may type it.
    let typed = format!(" {} ", codes[4].replace('-', " ").to_uppercase());
    sign_in(&client, EMAIL, Some(&typed)).await.expect(200);
    // Codes of the app are as good as before.
    sign_in(&client, EMAIL, Some(&authenticator.code(&app, 1))).await.expect(200);
    let body = json!({ "password": PASSWORD });
    let data = client.post("/api/session/totp/recovery-codes", &body).await.expect(200).data();
    let new = recovery_codes(&data);
    assert_eq!((new.len(), new.iter().any(|code| codes.contains(code))), (10, false));
    assert_eq!(last_event(&client, "user.totp").await["detail"], "new recovery codes");
    expect_wrong_code(&client, &codes[5]).await;
    for (n, code) in new.iter().enumerate() {
        let shown = sign_in(&client, EMAIL, Some(code)).await.expect(200).data();
        assert_eq!(shown["recoveryCodesLeft"], 9 - n);
    }
    let answer = sign_in(&client, EMAIL, None).await;
    answer.expect_problem(401, "totp_required", NEEDED);
    expect_wrong_code(&client, "").await;
    // The session that asked went on all the time.
    admin.get("/api/session").await.expect(200);
}

async fn another_app_takes_the_place_of_the_first(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let (first, first_codes) = enrol(&app, &client).await;
    let (second, _) = enrol(&app, &client).await;
    assert_eq!(totp_secrets::Entity::find().count(&app.state.db).await.unwrap(), 1);
    expect_wrong_code(&client, &first.code(&app, 1)).await;
    expect_wrong_code(&client, &first_codes[0]).await;
    sign_in(&client, EMAIL, Some(&second.code(&app, 1))).await.expect(200);
}

async fn a_rotation_of_the_data_key_keeps_it(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let client = app.admin().await;
    let (authenticator, _) = enrol(&app, &client).await;
    for version in 2..4 {
        let rotated = client.rotated_data_key().await;
        assert_eq!(rotated, json!({ "newVersion": version, "reEncrypted": 1 }));
        for app in [&app, &other] {
            app.clock.advance(Duration::from_secs(30));
        }
        let there = other.anonymous();
        sign_in(&there, EMAIL, Some(&authenticator.code(&app, 0))).await.expect(200);
        sign_in(&client, EMAIL, Some(&authenticator.code(&app, 1))).await.expect(200);
        for app in [&app, &other] {
            app.clock.advance(Duration::from_secs(30));
        }
    }
}

async fn neither_secret_nor_codes_are_in_the_log_the_database_or_any_error(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let variables = [ADMIN[0], ADMIN[1], ("RUST_LOG", "debug"), ("KEYWARD_LOG_FORMAT", "json")];
    let server = Server::start(&database, &variables);
    let client = &server.client;
    client.sign_in().await;
    let new = client.send(Method::POST, "/api/session/totp", &[], None).await.expect(200).data();
    let text = |field: &str| new[field].as_str().unwrap().to_owned();
    let (secret, uri) = (text("secret"), text("uri"));
    let authenticator = Authenticator::new(&secret);
    let code = |steps: i64| {
        let time = Clock::System.now() + time::Duration::seconds(30 * steps);
        authenticator.code_at(time)
    };
    let (first, second) = (code(0), code(1));
    let body = json!({ "password": PASSWORD, "secret": secret, "code": first });
    let data = client.put("/api/session/totp", &body).await.expect(200).data();
    let codes = recovery_codes(&data);
    let mut answers = vec![
        sign_in(client, EMAIL, Some(&first)).await.expect(401).text,
        sign_in(client, EMAIL, Some("planted-code")).await.expect(401).text,
        sign_in(client, EMAIL, Some(&second)).await.expect(200).text,
        sign_in(client, EMAIL, Some(&codes[0])).await.expect(200).text,
        sign_in(client, EMAIL, Some(&codes[0])).await.expect(401).text,
        client.put("/api/session/totp", &json!({ "secret": secret })).await.expect(400).text,
    ];
    let change = json!({ "current": PASSWORD, "new": "planted-password" });
    answers.push(client.put("/api/session/password", &change).await.expect(200).text);
    for path in ["/api/session", "/api/sessions", "/api/admin/audit", "/api/admin/encryption"] {
        answers.push(client.get(path).await.expect(200).text);
    }
    let (exit, log) = server.stop();
    assert_eq!(exit, 0, "{log}");
    assert!(log.contains("/api/session/totp"), "{log}");
    let db = database.connect().await;
    let stored = totp_secrets::Entity::find().all(&db).await.unwrap();
    let bytes = totp_rs::Secret::try_from_base32(&secret).unwrap().as_bytes().to_vec();
    for row in &stored {
        assert!(!row.encrypted_value.windows(bytes.len()).any(|window| window == bytes));
    }
    let users = keyward::session::entity::users::Entity::find().all(&db).await.unwrap();
    let everything = format!("{answers:?}\n{log}\n{stored:?}\n{users:?}");
    let mut planted = vec![secret.clone(), uri, "planted".to_owned(), PASSWORD.to_owned()];
    planted.extend(codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]));
    planted.extend([hex::encode(&bytes), secret.to_lowercase()]);
    for text in planted {
        assert!(!everything.contains(&text), "{text}");
    }
    // Six digits may stand in a time or a hash: as a word of its own.
    for code in [first, second] {
        let is_word = |word: &str| word.trim_matches('"') == code;
        assert!(!everything.split([' ', ',', ':', '=', '\\']).any(is_word));
    }
}
