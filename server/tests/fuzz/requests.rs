//! Bodies, cursors and addresses of databases.

use keyward::database::address::Address;
use keyward::http::paging::{from_cursor, to_cursor};
use keyward_api::keys::{CreateApiKey, RotateApiKey, UpdateApiKey};
use keyward_api::providers::{SetModel, SetProvider, UpdateProvider};
use keyward_api::secrets::{CreateSecret, UpdateSecret};
use keyward_api::session::{Setup, SignIn};
use keyward_api::verification::VerifyKey;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bytes::{nearly, nearly_text};

/// What is taken from a body is taken from what it is written as, and is the same.
fn read<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(read) = serde_json::from_slice::<T>(body) {
        let json = serde_json::to_value(&read).unwrap();
        let again: T = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(again).unwrap(), json);
    }
    Ok(())
}

const KEYS: &[&str] = &[
    r#"{"name":"ci","scopes":["secrets:read:A_*"],"expiresAt":"2030-01-01T00:00:00Z"}"#,
    r#"{"name":"ci","rateLimit":{"requests":10,"windowSeconds":60},"allowedNetworks":["::1"]}"#,
    r#"{"enabled":false,"expiresAt":null,"rateLimit":null}"#,
    r#"{"graceSeconds":3600}"#,
    r#"{"key":"kw_abc","scope":"orders:write","address":"192.0.2.7"}"#,
];

const VALUES: &[&str] = &[
    r#"{"key":"MY_API_KEY","value":"ghp_0123","description":"for CI"}"#,
    r#"{"value":"sk-0123","baseUrl":"https://api.example.com/v1","note":null}"#,
    r#"{"description":null}"#,
];

const PEOPLE: &[&str] = &[
    r#"{"email":"ada@example.com","password":"correct horse battery"}"#,
    r#"{"token":"abc","email":"ada@example.com","password":"correct horse battery"}"#,
];

const CURSORS: &[&str] = &["Im5hbWUi", "WyJuYW1lIiw1LCJhIl0", "NQ", "bnVsbA", ""];

const DATABASES: &[&str] = &[
    "sqlite://data/keyward.db?mode=rwc",
    "sqlite::memory:",
    "postgres://user:secret@localhost:5432/keyward?sslmode=require",
    "postgresql:///keyward?host=/run/postgresql",
];

proptest! {
    #[test]
    fn bodies_about_keys(body in nearly(KEYS)) {
        read::<CreateApiKey>(&body)?;
        read::<UpdateApiKey>(&body)?;
        read::<RotateApiKey>(&body)?;
        read::<VerifyKey>(&body)?;
    }

    #[test]
    fn bodies_about_values(body in nearly(VALUES)) {
        read::<CreateSecret>(&body)?;
        read::<UpdateSecret>(&body)?;
        read::<SetProvider>(&body)?;
        read::<UpdateProvider>(&body)?;
        read::<SetModel>(&body)?;
    }

    #[test]
    fn bodies_about_people(body in nearly(PEOPLE)) {
        read::<SignIn>(&body)?;
        read::<Setup>(&body)?;
    }

    #[test]
    fn a_cursor_that_is_taken_is_a_position(text in nearly_text(CURSORS)) {
        if let Ok(name) = from_cursor::<String>(&text) {
            prop_assert_eq!(from_cursor::<String>(&to_cursor(&name).unwrap()).unwrap(), name);
        }
        if let Ok(seq) = from_cursor::<i64>(&text) {
            prop_assert_eq!(from_cursor::<i64>(&to_cursor(&seq).unwrap()).unwrap(), seq);
        }
    }

    #[test]
    fn why_an_address_is_refused_never_shows_its_password(text in nearly_text(DATABASES)) {
        if let Err(reason) = Address::parse(&text) {
            prop_assert!(!reason.contains("secret"), "{}", reason);
        }
    }
}
