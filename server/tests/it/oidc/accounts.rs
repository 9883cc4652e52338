//! Whose account it is, and what may become of it.

use keyward::audit::Actor;
use keyward_api::roles::Role;
use serde_json::{Value, json};

use super::{GROUPS, Stage, location, role};
use crate::support::{ADMIN, App, Backend, Client, EMAIL, PASSWORD, on_both_databases};

on_both_databases!(
    groups_make_an_account_that_has_no_password,
    groups_are_asked_at_every_sign_in,
    an_address_is_no_proof,
    a_person_connects_their_own_account,
    the_last_administrator_is_not_demoted,
    an_invitation_is_accepted_by_who_has_the_address,
    a_setup_link_makes_the_first_administrator_once,
    the_first_administrator_by_groups_closes_setup,
    a_disabled_account_stays_out,
    a_password_that_is_set_leaves_single_sign_on_to_the_owner,
    who_loses_a_role_by_groups_loses_the_invitations_too,
    many_at_once_are_one_account,
    passwords_can_be_switched_off,
    signing_out_leads_to_the_provider,
);

const ROOT: &str = "root@example.com";

fn root() -> Value {
    json!({ "sub": "root", "email": ROOT, "groups": ["root"] })
}

async fn groups_make_an_account_that_has_no_password(backend: Backend) {
    let stage = Stage::new(backend).await;
    let admin = stage.app.admin().await;
    let (browser, end) = stage.sign_in(json!({ "groups": ["dev", "staff"] })).await;
    assert_eq!((end.as_str(), role(&browser).await.as_deref()), ("/", Some("editor")));
    let user = stage.user("grace@example.com").await;
    assert_eq!(user.sso_issuer.as_deref(), Some(stage.idp.issuer.as_str()));
    assert_eq!(user.sso_subject.as_deref(), Some("1"));
    assert!(user.is_email_verified && user.password_hash.is_empty());
    let made = &admin.audit_log("&action=user.create").await[0];
    assert_eq!((&made["target"], &made["actor"]["name"]), (&json!(user.email), &json!(user.email)));
    let entered = &admin.audit_log("&action=session.create").await[0];
    assert_eq!(entered["detail"], "single sign-on");
    // No password opens it, an empty one included, and the answer is that of any wrong one.
    for password in ["", " ", "correct horse battery"] {
        let body = json!({ "email": user.email, "password": password });
        let refused = stage.browser().post("/api/session", &body).await;
        refused.expect_problem(401, "wrong_credentials", "Email or password is wrong");
    }
    // The same person again is the same account, under another address too.
    let (_, end) =
        stage.sign_in(json!({ "email": "grace.h@example.com", "groups": ["dev"] })).await;
    assert_eq!(end, "/");
    assert_eq!(stage.users().await.len(), 2);
    // Nobody else is.
    let (_, end) = stage.sign_in(json!({ "sub": "2", "groups": ["dev"] })).await;
    assert_eq!(end, "/login?sso=other_account");
    assert_eq!(admin.verify_log().await["valid"], true);
}

async fn groups_are_asked_at_every_sign_in(backend: Backend) {
    let stage = Stage::new(backend).await;
    let admin = stage.app.admin().await;
    let (before, _) = stage.sign_in(json!({ "groups": ["dev"] })).await;
    // More: what was begun with less goes on, and may more.
    let (promoted, _) = stage.sign_in(json!({ "groups": ["root"] })).await;
    assert_eq!(role(&promoted).await.as_deref(), Some("admin"));
    assert_eq!(role(&before).await.as_deref(), Some("admin"));
    // Less: everything else ends.
    let (demoted, _) = stage.sign_in(json!({ "groups": ["staff"] })).await;
    assert_eq!(role(&demoted).await.as_deref(), Some("viewer"));
    assert_eq!((role(&before).await, role(&promoted).await), (None, None));
    let log = admin.audit_log("&action=user.update").await;
    let detail = log[0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("role viewer instead of admin"), "{detail}");
    assert_eq!(log[0]["actor"]["kind"], "system");
    // None, or what is no list of groups: nobody signs in, and all sessions end.
    for groups in
        [json!(["other"]), json!(null), json!(7), json!({ "root": true }), json!(["root", 1])]
    {
        let (back, end) = stage.sign_in(json!({ "groups": ["staff"] })).await;
        assert_eq!(end, "/");
        stage.idp.script().userinfo = json!({ "email": "grace@example.com" });
        let (_, end) = stage.sign_in(json!({ "groups": groups })).await;
        assert_eq!(end, "/login?sso=no_role", "{groups}");
        assert_eq!(role(&back).await, None, "{groups}");
    }
    assert_eq!(stage.user("grace@example.com").await.role, "viewer");
    let ended = admin.audit_log("&action=session.delete").await;
    let detail = "by the groups at the identity provider: 1 session ended";
    assert_eq!(ended[0]["detail"], detail);
    assert_eq!(role(&admin).await.as_deref(), Some("admin"));
}

async fn an_address_is_no_proof(backend: Backend) {
    let stage = Stage::new(backend).await;
    for (claims, expected) in [
        (
            json!({ "email": EMAIL, "email_verified": false, "groups": ["root"] }),
            "unverified_email",
        ),
        (json!({ "email": EMAIL, "email_verified": null, "groups": ["root"] }), "unverified_email"),
        (json!({ "email": "ADA@Example.com", "groups": ["root"] }), "link_first"),
        (json!({ "email": null, "groups": ["root"] }), "no_email"),
        (json!({ "email": "nobody", "groups": ["root"] }), "no_email"),
        (json!({ "email_verified": false, "groups": ["root"] }), "unverified_email"),
        // Looks like hers, and is another one.
        (json!({ "email": "аda@example.com", "email_verified": false }), "unverified_email"),
        (json!({ "groups": ["other"] }), "no_role"),
    ] {
        let (browser, end) = stage.sign_in(claims.clone()).await;
        assert_eq!(end, format!("/login?sso={expected}"), "{claims}");
        assert_eq!(role(&browser).await, None);
    }
    let users = stage.users().await;
    assert_eq!(users.len(), 1);
    assert!(users[0].sso_subject.is_none() && !users[0].is_email_verified);
}

async fn a_person_connects_their_own_account(backend: Backend) {
    let stage = Stage::new(backend).await;
    let connect = json!({ "connect": true, "returnTo": "/account", "password": PASSWORD });
    let ada = stage.browser();
    ada.sign_in().await;
    // A session that somebody took is no way to connect their own identity.
    for (password, message) in
        [(json!(null), "Password is required"), (json!("wrong-password"), "Password is wrong")]
    {
        let body = json!({ "connect": true, "password": password });
        let refused = ada.post("/api/oidc/start", &body).await;
        let refused = refused.expect_problem(400, "validation_failed", message);
        assert_eq!(refused.body()["errors"][0]["field"], "password");
    }
    stage.idp.script().claims = json!({ "sub": "ada", "email": EMAIL, "groups": ["root"] });
    assert_eq!(stage.go(&ada, connect.clone()).await, "/account");
    assert_eq!(ada.get("/api/session").await.expect(200).data()["sso"], true);
    let log = ada.audit_log("&action=user.link").await;
    let outcomes: Vec<_> = log.iter().map(|entry| (&entry["target"], &entry["outcome"])).collect();
    let email = json!(EMAIL);
    assert_eq!(outcomes, [(&email, &json!("success")), (&email, &json!("refused"))]);
    // Once more is no other thing; from now on it signs in.
    assert_eq!(stage.go(&ada, connect.clone()).await, "/account");
    let browser = stage.browser();
    assert_eq!(stage.go(&browser, json!({})).await, "/");
    assert_eq!(browser.get("/api/session").await.expect(200).data()["email"], EMAIL);
    // Another identity is not connected with hers, nor hers with another account.
    stage.idp.script().claims = json!({ "sub": "other", "email": EMAIL, "groups": ["root"] });
    assert_eq!(stage.go(&ada, connect.clone()).await, "/account?sso=other_account");
    let (grace, _) = stage.sign_in(json!({ "groups": ["staff"] })).await;
    stage.idp.script().claims = json!({ "sub": "ada", "email": EMAIL, "groups": ["root"] });
    assert_eq!(stage.go(&grace, connect.clone()).await, "/account?sso=other_account");
    // The session that began it must still be there at the end.
    let bob = json!({ "sub": "bob", "email": "bob@example.com", "groups": ["staff"] });
    stage.app.execute("UPDATE users SET sso_issuer = NULL, sso_subject = NULL").await;
    stage.app.accept().await;
    stage.idp.script().claims = bob;
    let callback = stage.begin(&ada, connect).await;
    ada.delete("/api/session").await.expect(200);
    assert_eq!(location(&ada, &callback).await, "/account?sso=state");
    assert!(stage.user(EMAIL).await.sso_subject.is_none());
}

async fn the_last_administrator_is_not_demoted(backend: Backend) {
    let stage = Stage::new(backend).await;
    let ada = stage.browser();
    ada.sign_in().await;
    let claims = |groups: Value| json!({ "sub": "ada", "email": EMAIL, "groups": groups });
    stage.idp.script().claims = claims(json!([]));
    let connect = json!({ "connect": true, "password": PASSWORD });
    assert_eq!(stage.go(&ada, connect).await, "/");
    for groups in [json!(["staff"]), json!(["dev"]), json!([])] {
        let (browser, end) = stage.sign_in(claims(groups.clone())).await;
        assert_eq!(end, "/login?sso=last_admin", "{groups}");
        assert_eq!(role(&browser).await, None);
        assert_eq!(role(&ada).await.as_deref(), Some("admin"));
    }
    // With a second one she can be.
    stage.sign_in(root()).await;
    let (browser, end) = stage.sign_in(claims(json!(["staff"]))).await;
    assert_eq!((end.as_str(), role(&browser).await.as_deref()), ("/", Some("viewer")));
    assert_eq!(role(&ada).await, None);
}

/// Puts an invitation into the store, with a token of this hash.
async fn invite(app: &App, email: &str, role: &str, ends: &str, token: &str) {
    use sha2::Digest;
    let hash = hex::encode(sha2::Sha256::digest(token));
    let sql = format!(
        "INSERT INTO invitations (id, token_hash, email, role, created_by, created_at, expires_at) \
         VALUES ('{}', '{hash}', '{email}', '{role}', '{EMAIL}', '2026-01-01 00:00:00+00:00', \
         '{ends} 00:00:00+00:00')",
        uuid::Uuid::now_v7()
    );
    app.execute(&sql).await;
    app.accept().await;
}

async fn an_invitation_is_accepted_by_who_has_the_address(backend: Backend) {
    // Roles are given here.
    let stage = Stage::with(backend, &ADMIN).await;
    let app = &stage.app;
    invite(app, "grace@example.com", "editor", "2026-01-04", "token-1").await;
    invite(app, "late@example.com", "admin", "2026-01-01", "token-2").await;
    invite(app, "bob@example.com", "viewer", "2026-01-04", "token-3").await;
    let accept = |token: &str| json!({ "invitation": token });
    for (claims, token, expected) in [
        (json!({}), "token-0", "/login?sso=invitation"),
        (json!({}), "token-3", "/login?sso=invitation"),
        (json!({ "email": "late@example.com" }), "token-2", "/login?sso=invitation"),
        (json!({ "email_verified": false }), "token-1", "/login?sso=unverified_email"),
        (json!({ "groups": ["root"] }), "token-1", "/"),
        // Used up; and the person has an account already.
        (json!({ "sub": "2" }), "token-1", "/login?sso=invitation"),
        (json!({}), "token-3", "/login?sso=other_account"),
    ] {
        stage.idp.script().claims = claims.clone();
        let browser = stage.browser();
        assert_eq!(stage.go(&browser, accept(token)).await, expected, "{claims} {token}");
    }
    assert_eq!(stage.user("grace@example.com").await.role, "editor");
    // The one who was named needs no link.
    let (browser, end) = stage.sign_in(json!({ "sub": "bob", "email": "bob@example.com" })).await;
    assert_eq!((end.as_str(), role(&browser).await.as_deref()), ("/", Some("viewer")));
    let (_, end) = stage.sign_in(json!({ "sub": "late", "email": "late@example.com" })).await;
    assert_eq!(end, "/login?sso=not_invited");
    let admin = stage.app.admin().await;
    let log = admin.audit_log("&action=user.create").await;
    assert!(
        log[0]["detail"].as_str().unwrap().ends_with(&format!("invited by {EMAIL}")),
        "{log:?}"
    );
    assert_eq!(stage.users().await.len(), 3);
}

async fn a_setup_link_makes_the_first_administrator_once(backend: Backend) {
    let stage = Stage::with(backend, &[]).await;
    let token = stage.app.setup_token.clone().unwrap();
    let setup = |token: &str| json!({ "setupToken": token });
    let browser = stage.browser();
    assert_eq!(stage.go(&browser, setup("another")).await, "/login?sso=setup");
    assert_eq!(stage.sign_in(json!({})).await.1, "/login?sso=not_invited");
    assert!(stage.users().await.is_empty());
    let (first, second) = (stage.browser(), stage.browser());
    let of_second = stage.begin(&second, setup(&token)).await;
    assert_eq!(stage.go(&first, setup(&token)).await, "/");
    assert_eq!(role(&first).await.as_deref(), Some("admin"));
    stage.idp.script().claims = json!({ "sub": "2", "email": "eve@example.com" });
    assert_eq!(location(&second, &of_second).await, "/login?sso=setup");
    assert_eq!(stage.users().await.len(), 1);
    assert_eq!(first.get("/api/setup").await.expect(200).data()["open"], false);
}

async fn the_first_administrator_by_groups_closes_setup(backend: Backend) {
    let stage = Stage::with(backend, &GROUPS).await;
    assert_eq!(stage.sign_in(json!({ "groups": ["dev"] })).await.1, "/login?sso=setup");
    let (browser, end) = stage.sign_in(root()).await;
    assert_eq!((end.as_str(), role(&browser).await.as_deref()), ("/", Some("admin")));
    let token = stage.app.setup_token.clone().unwrap();
    let body = json!({ "token": token, "email": "eve@example.com", "password": "long enough" });
    stage.browser().post("/api/setup", &body).await.expect(409);
    let left = "SELECT id FROM settings WHERE key LIKE 'setup-token:%'";
    let db = &stage.app.state.db;
    let statement =
        sea_orm::Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(db), left);
    assert!(sea_orm::ConnectionTrait::query_all_raw(db, statement).await.unwrap().is_empty());
}

async fn a_disabled_account_stays_out(backend: Backend) {
    let stage = Stage::new(backend).await;
    let (before, _) = stage.sign_in(json!({})).await;
    let disable = "UPDATE users SET is_disabled = TRUE WHERE email = 'grace@example.com'";
    stage.app.execute(disable).await;
    // Changed from outside, it is nobody's account to sign in to.
    let (_, end) = stage.sign_in(json!({})).await;
    assert_eq!(end, "/login?sso=unavailable");
    stage.app.accept().await;
    let (browser, end) = stage.sign_in(json!({ "groups": ["root"] })).await;
    assert_eq!((end.as_str(), role(&browser).await), ("/login?sso=disabled", None));
    assert_eq!(role(&before).await, None);
}

async fn a_password_that_is_set_leaves_single_sign_on_to_the_owner(backend: Backend) {
    let stage = Stage::new(backend).await;
    let grace = json!({ "sub": "grace", "groups": ["dev"] });
    assert_eq!(stage.sign_in(grace.clone()).await.1, "/");
    let row = stage.user("grace@example.com").await;
    assert!(row.is_email_verified);
    let password_hash = stage.user(EMAIL).await.password_hash;
    let users = &stage.app.state.users;
    users.set_password(&Actor::system(), row.id, password_hash, false).await.unwrap();
    // Neither she nor somebody who got her address later is taken for her by the address.
    for claims in [grace.clone(), json!({ "sub": "later", "groups": ["root"] })] {
        let (browser, end) = stage.sign_in(claims).await;
        assert_eq!((end.as_str(), role(&browser).await), ("/login?sso=link_first", None));
    }
    let browser = stage.browser();
    browser.sign_in_as("grace@example.com").await.expect(200);
    stage.idp.script().claims = grace;
    let connect = json!({ "connect": true, "password": PASSWORD, "returnTo": "/account" });
    assert_eq!(stage.go(&browser, connect).await, "/account");
}

async fn who_loses_a_role_by_groups_loses_the_invitations_too(backend: Backend) {
    let stage = Stage::new(backend).await;
    for (groups, end) in [(json!(["dev"]), "/"), (json!([]), "/login?sso=no_role")] {
        let (boss, _) = stage.sign_in(root()).await;
        let token = boss.invite("again@example.com", Role::Admin).await;
        let fewer = json!({ "sub": "root", "email": ROOT, "groups": groups });
        assert_eq!(stage.sign_in(fewer).await.1, end);
        boss.get("/api/session").await.expect(401);
        stage.browser().accept_invitation(&token).await.expect(401);
    }
}

async fn many_at_once_are_one_account(backend: Backend) {
    let stage = Stage::new(backend).await;
    let browsers: Vec<Client> = (0..6).map(|_| stage.browser()).collect();
    let mut callbacks = Vec::new();
    for browser in &browsers {
        callbacks.push(stage.begin(browser, json!({})).await);
    }
    let ends = browsers.iter().zip(&callbacks).map(|(browser, path)| location(browser, path));
    let ends = futures_util::future::join_all(ends).await;
    assert!(ends.iter().all(|end| end == "/"), "{ends:?}");
    assert_eq!(stage.users().await.len(), 2);
    for browser in &browsers {
        assert_eq!(role(browser).await.as_deref(), Some("viewer"));
    }
}

async fn passwords_can_be_switched_off(backend: Backend) {
    let off = [("KEYWARD_LOCAL_SIGN_IN", "off")];
    let stage = Stage::with(backend, &[&ADMIN[..], &GROUPS, &off].concat()).await;
    let sentence = "Passwords are switched off here; use single sign-on";
    let client = stage.browser();
    let body = json!({ "email": EMAIL, "password": crate::support::PASSWORD });
    let refused = client.post("/api/session", &body).await;
    refused.expect_problem(403, "local_sign_in_off", sentence);
    let body = json!({ "token": "x", "email": "eve@example.com", "password": "long enough" });
    let refused = client.post("/api/setup", &body).await;
    refused.expect_problem(403, "local_sign_in_off", sentence);
    assert_eq!(client.get("/api/setup").await.expect(200).data()["localSignIn"], false);
    let (browser, _) = stage.sign_in(root()).await;
    assert_eq!(role(&browser).await.as_deref(), Some("admin"));
}

async fn signing_out_leads_to_the_provider(backend: Backend) {
    let stage = Stage::new(backend).await;
    let (browser, _) = stage.sign_in(json!({})).await;
    let answer = browser.delete("/api/session").await.expect(200).data();
    let url = url::Url::parse(answer["signOutUrl"].as_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/end?", stage.idp.issuer)));
    let query: std::collections::HashMap<_, _> = url.query_pairs().collect();
    assert_eq!(query["client_id"], "keyward");
    let home = format!("http://{}/login", stage.app.address);
    assert_eq!(query["post_logout_redirect_uri"], home);
    assert_eq!(role(&browser).await, None);
    // Who came with a password was never there.
    let admin = stage.app.admin().await;
    let answer = admin.delete("/api/session").await.expect(200).data();
    assert_eq!(answer, json!({ "deleted": true }));
}
