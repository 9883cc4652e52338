//! The app of a person with two-factor, and what the tests of the own account share.

use http::Method;
use keyward::session::entity::users;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use crate::support::{Answer, App, Client, EMAIL, PASSWORD};

pub struct Authenticator(Totp);

impl Authenticator {
    pub fn new(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// What it shows so many steps of 30 s from now.
    pub fn code(&self, app: &App, steps: i64) -> String {
        self.code_at(app.clock.now() + Duration::seconds(30 * steps))
    }

    pub fn code_at(&self, time: OffsetDateTime) -> String {
        self.0.generate(time.unix_timestamp().try_into().unwrap()).to_string()
    }
}

/// Signs in with this password and, if there is one, this code.
pub async fn sign_in(client: &Client, email: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "email": email, "password": PASSWORD });
    if let Some(code) = code {
        body["code"] = code.into();
    }
    client.post("/api/session", &body).await
}

pub async fn expect_wrong_code(client: &Client, code: &str) {
    let answer = sign_in(client, EMAIL, Some(code)).await;
    let answer = answer.expect_problem(401, "wrong_code", "The code is wrong or was used");
    assert_eq!(answer.header("set-cookie"), "");
}

/// Switches two-factor on: the app, and the recovery codes.
pub async fn enrol(app: &App, client: &Client) -> (Authenticator, Vec<String>) {
    let new = client.send(Method::POST, "/api/session/totp", &[], None).await.expect(200).data();
    let authenticator = Authenticator::new(new["secret"].as_str().unwrap());
    let body = json!({
        "password": PASSWORD, "secret": new["secret"], "code": authenticator.code(app, 0),
    });
    let data = client.put("/api/session/totp", &body).await.expect(200).data();
    (authenticator, recovery_codes(&data))
}

pub fn recovery_codes(data: &Value) -> Vec<String> {
    let codes = data["recoveryCodes"].as_array().unwrap().iter();
    codes.map(|code| code.as_str().unwrap().to_owned()).collect()
}

pub async fn user(app: &App, email: &str) -> users::Model {
    let all = users::Entity::find().all(&app.state.db).await.unwrap();
    all.into_iter().find(|user| user.email == email).unwrap()
}

/// Another person with the same password.
pub async fn add_user(app: &App, email: &str, role: &str) {
    let password_hash = user(app, EMAIL).await.password_hash;
    let mut new = users::Model::admin(Uuid::now_v7(), email, password_hash, app.clock.now());
    role.clone_into(&mut new.role);
    let insert = users::Entity::insert(new.into_active_model());
    insert.exec_without_returning(&app.state.db).await.unwrap();
    app.accept().await;
}

/// Changes the account by hand, as if Keyward had done it.
pub async fn set_user(app: &App, email: &str, assignments: &str) {
    app.execute(&format!("UPDATE users SET {assignments} WHERE email = '{email}'")).await;
    app.accept().await;
}

/// The newest entry of the audit log with this action, as the list shows it.
pub async fn last_event(client: &Client, action: &str) -> Value {
    client.audit_log(&format!("&action={action}")).await.remove(0)
}
