//! Two-factor against those who know the password, and those who write to the database.

use std::time::Duration;

use keyward::session::entity::{totp_secrets, users};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::authenticator::{
    Authenticator, add_user, enrol, expect_wrong_code, last_event, sign_in, user,
};
use crate::support::{App, Backend, Client, EMAIL, PASSWORD, on_both_databases};

on_both_databases!(
    of_two_who_use_one_code_at_once_one_signs_in,
    guesses_of_codes_are_throttled_and_a_known_browser_still_signs_in,
    a_guess_of_a_code_counts_like_a_guess_of_a_password,
    that_a_code_is_needed_is_no_failure_and_makes_no_browser_known,
    a_secret_that_is_gone_or_altered_lets_nobody_in_but_by_a_recovery_code,
    a_secret_of_an_earlier_day_or_of_another_person_is_of_no_use,
    an_account_that_is_said_to_need_no_code_is_nobodys,
    an_account_of_an_earlier_day_is_nobodys,
);

const UNREADABLE: &str = "The two-factor secret of this account cannot be read; use a recovery \
                          code, or have two-factor reset at the command line";

async fn of_two_who_use_one_code_at_once_one_signs_in(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let (authenticator, recovery) = enrol(&app, &app.admin().await).await;
    let mut codes = vec![recovery[0].clone(), recovery[1].clone()];
    codes.push(authenticator.code(&app, 1));
    for code in codes {
        let (here, there) = (app.anonymous(), other.anonymous());
        let again = app.anonymous();
        let (one, two, three) = tokio::join!(
            sign_in(&here, EMAIL, Some(&code)),
            sign_in(&there, EMAIL, Some(&code)),
            sign_in(&again, EMAIL, Some(&code)),
        );
        let mut answers = [one, two, three];
        answers.sort_by_key(|answer| answer.status);
        let statuses = answers.each_ref().map(|answer| answer.status);
        assert_eq!(statuses, [200, 401, 401], "{answers:?}");
        assert!(answers[1..].iter().all(|answer| answer.body()["code"] == "wrong_code"));
    }
    assert_eq!(user(&app, EMAIL).await.recovery_codes_left(), 8);
}

/// How often a client may present this before it is 429.
async fn guesses(client: impl Fn() -> Client, body: &serde_json::Value) -> usize {
    for n in 0..50 {
        match client().post("/api/session", body).await.status {
            401 => (),
            429 => return n,
            other => panic!("{other}"),
        }
    }
    panic!("not throttled");
}

async fn guesses_of_codes_are_throttled_and_a_known_browser_still_signs_in(backend: Backend) {
    let app = App::start(backend).await;
    let known = app.admin().await;
    let (authenticator, codes) = enrol(&app, &known).await;
    let guess = json!({ "email": EMAIL, "password": PASSWORD, "code": "000000" });
    assert_eq!(guesses(|| app.anonymous(), &guess).await, 10);
    // Nor is the right one let in.
    let code = authenticator.code(&app, 1);
    let answer = sign_in(&app.anonymous(), EMAIL, Some(&code)).await;
    assert_eq!(answer.expect(429).header("retry-after"), "300");
    sign_in(&app.anonymous(), EMAIL, Some(&codes[0])).await.expect(429);
    sign_in(&known, EMAIL, Some(&code)).await.expect(200);
    app.clock.advance(Duration::from_mins(5));
    assert_eq!(guesses(|| app.anonymous(), &guess).await, 1);
    app.clock.advance(Duration::from_mins(5));
    sign_in(&app.anonymous(), EMAIL, Some(&authenticator.code(&app, 0))).await.expect(200);
    // A known browser has no more of them.
    assert_eq!(guesses(|| known.at(app.address), &guess).await, 10);
    let refused = known.audit_log("&action=session.create&outcome=refused").await;
    let details: Vec<_> = refused.iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert!(details.contains(&"the code is wrong or was used"), "{details:?}");
    assert!(details.contains(&"too many failures before"), "{details:?}");
    let wrong = refused.iter().find(|entry| entry["detail"] == "the code is wrong or was used");
    assert_eq!(wrong.unwrap()["target"], EMAIL);
    assert!(!format!("{refused:?}").contains("000000"));
}

async fn a_guess_of_a_code_counts_like_a_guess_of_a_password(backend: Backend) {
    let app = App::start(backend).await;
    enrol(&app, &app.admin().await).await;
    // The address may fail 20 times, whatever fails.
    for _ in 0..10 {
        expect_wrong_code(&app.anonymous(), "000000").await;
    }
    let body = json!({ "email": EMAIL, "password": "guess", "code": "000000" });
    assert_eq!(guesses(|| app.anonymous(), &body).await, 10);
}

async fn that_a_code_is_needed_is_no_failure_and_makes_no_browser_known(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (authenticator, _) = enrol(&app, &admin).await;
    let entries = app.audit_entries().await;
    let client = app.anonymous();
    for _ in 0..30 {
        let answer = sign_in(&client, EMAIL, None).await.expect(401);
        assert_eq!(answer.body()["code"], "totp_required");
        assert!(answer.cookie("keyward_browser").is_none());
    }
    assert_eq!(app.audit_entries().await, entries);
    let answer = sign_in(&client, EMAIL, Some(&authenticator.code(&app, 1))).await.expect(200);
    assert!(answer.cookie("keyward_browser").is_some());
}

async fn expect_unreadable(app: &App, authenticator: &Authenticator) {
    app.clock.advance(Duration::from_secs(30));
    for code in [authenticator.code(app, 0), "000000".to_owned()] {
        let answer = sign_in(&app.anonymous(), EMAIL, Some(&code)).await;
        let answer = answer.expect_problem(500, "totp_unreadable", UNREADABLE);
        assert_eq!(answer.header("set-cookie"), "");
    }
    let answer = sign_in(&app.anonymous(), EMAIL, None).await.expect(401);
    assert_eq!(answer.body()["code"], "totp_required");
}

async fn a_secret_that_is_gone_or_altered_lets_nobody_in_but_by_a_recovery_code(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let (authenticator, codes) = enrol(&app, &client).await;
    let row = totp_secrets::Entity::find().one(&app.state.db).await.unwrap().unwrap();
    let put = async |row: totp_secrets::Model| {
        totp_secrets::Entity::delete_many().exec(&app.state.db).await.unwrap();
        let insert = totp_secrets::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&app.state.db).await.unwrap();
    };
    let mut flipped = row.clone();
    *flipped.encrypted_value.last_mut().unwrap() ^= 1;
    let mut unknown_key = row.clone();
    "nobody's".clone_into(&mut unknown_key.key_id);
    let mut empty = row.clone();
    empty.encrypted_value.clear();
    for odd in [flipped, unknown_key, empty] {
        put(odd).await;
        expect_unreadable(&app, &authenticator).await;
    }
    put(row.clone()).await;
    app.clock.advance(Duration::from_secs(30));
    sign_in(&app.anonymous(), EMAIL, Some(&authenticator.code(&app, 0))).await.expect(200);
    app.execute("DELETE FROM totp_secrets").await;
    expect_unreadable(&app, &authenticator).await;
    let recovered = app.anonymous();
    sign_in(&recovered, EMAIL, Some(&codes[0])).await.expect(200);
    // And it is mended from there.
    let (authenticator, _) = enrol(&app, &recovered).await;
    sign_in(&app.anonymous(), EMAIL, Some(&authenticator.code(&app, 1))).await.expect(200);
}

async fn a_secret_of_an_earlier_day_or_of_another_person_is_of_no_use(backend: Backend) {
    let app = App::start(backend).await;
    add_user(&app, "bob@example.com", "editor").await;
    let (ada, bob) = (app.admin().await, app.anonymous());
    sign_in(&bob, "bob@example.com", None).await.expect(200);
    let (former, _) = enrol(&app, &ada).await;
    let find = async |email: &str| {
        let id = user(&app, email).await.totp_id.unwrap();
        totp_secrets::Entity::find_by_id(id).one(&app.state.db).await.unwrap().unwrap()
    };
    let earlier = find(EMAIL).await;
    let (present, _) = enrol(&app, &ada).await;
    let (bobs, _) = enrol(&app, &bob).await;
    let (of_ada, of_bob) = (find(EMAIL).await, find("bob@example.com").await);
    let put = async |rows: &[totp_secrets::Model]| {
        totp_secrets::Entity::delete_many().exec(&app.state.db).await.unwrap();
        for row in rows {
            let insert = totp_secrets::Entity::insert(row.clone().into_active_model());
            insert.exec_without_returning(&app.state.db).await.unwrap();
        }
    };
    // The row as it was; its value in the present row; that of another person in it, and the row
    // of another person under this name and this owner.
    let value_of = |from: &totp_secrets::Model, row: &totp_secrets::Model| totp_secrets::Model {
        encrypted_value: from.encrypted_value.clone(),
        ..row.clone()
    };
    let owned = totp_secrets::Model { user_id: of_ada.user_id, ..of_bob.clone() };
    let foreign = totp_secrets::Model { user_id: of_bob.user_id, ..value_of(&of_bob, &of_ada) };
    let swapped = [value_of(&of_bob, &of_ada), value_of(&of_ada, &of_bob)];
    for rows in
        [&[earlier.clone()][..], &[value_of(&earlier, &of_ada)], &swapped, &[owned], &[foreign]]
    {
        put(rows).await;
        for authenticator in [&former, &present, &bobs] {
            expect_unreadable(&app, authenticator).await;
        }
    }
    put(&[of_ada, of_bob]).await;
    app.clock.advance(Duration::from_mins(5));
    expect_wrong_code(&app.anonymous(), &bobs.code(&app, 0)).await;
    sign_in(&app.anonymous(), EMAIL, Some(&present.code(&app, 0))).await.expect(200);
}

async fn an_account_that_is_said_to_need_no_code_is_nobodys(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let (authenticator, codes) = enrol(&app, &client).await;
    let whole = user(&app, EMAIL).await;
    let code = authenticator.code(&app, 1);
    for change in [
        "totp_id = NULL",
        "totp_id = NULL, totp_step = NULL, recovery_codes = NULL",
        "totp_step = NULL",
        "totp_step = 0",
        "recovery_codes = 'f7fbba6e0636f890e56fbbf3283e524c6fa3204ae298382d624741d0dc663832'",
    ] {
        app.execute(&format!("UPDATE users SET {change}")).await;
        for code in [None, Some(&*code), Some(&*codes[0])] {
            let answer = sign_in(&app.anonymous(), EMAIL, code).await;
            answer.expect_problem(401, "wrong_credentials", "Email or password is wrong");
        }
        let back = whole.clone().into_active_model().reset_all();
        users::Entity::update(back).exec(&app.state.db).await.unwrap();
        app.clock.advance(Duration::from_mins(10));
    }
    client.get("/api/session").await.expect(200);
}

async fn an_account_of_an_earlier_day_is_nobodys(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let without = user(&app, EMAIL).await;
    let (authenticator, codes) = enrol(&app, &client).await;
    let before = user(&app, EMAIL).await;
    let code = authenticator.code(&app, 1);
    sign_in(&client, EMAIL, Some(&codes[0])).await.expect(200);
    sign_in(&client, EMAIL, Some(&code)).await.expect(200);
    assert_eq!(last_event(&client, "session.create").await["detail"], "with a code");
    // Its mac is ours, and it is not the row of the set any more: no used code comes back.
    for earlier in [without, before] {
        let earlier = earlier.into_active_model().reset_all();
        users::Entity::update(earlier).exec(&app.state.db).await.unwrap();
        for code in [None, Some(&*code), Some(&*codes[0])] {
            assert_ne!(sign_in(&app.anonymous(), EMAIL, code).await.status, 200);
        }
    }
}
