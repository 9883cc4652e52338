use std::time::Duration;

use super::admin::ADMIN_PASSWORD;
use super::audit::AUDIT_KEEP;
use super::database::DATABASE_URL;
use super::http::{BASIC, BEARER, THROTTLE_STATUS};
use super::oidc::{
    ADMIN_GROUPS, CA_FILE, CLIENT_ID, CLIENT_SECRET, ISSUER, LOCAL_SIGN_IN, NAME, PROVISION,
};
use super::root_key::ROOT_KEY;
use super::{Config, ConfigError, Flags};

const KEY: &str = "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=";

fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name)?;
        Some(found.1.to_owned())
    };
    Config::load(&Flags::default(), &env)
}

fn refusal(variables: &[(&str, &str)]) -> String {
    load(variables).unwrap_err().to_string()
}

#[test]
fn the_root_key_alone_is_enough() {
    let config = load(&[(ROOT_KEY, KEY)]).unwrap();
    assert_eq!(config.store.database.url.expose(), "sqlite://data/keyward.db");
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:8080");
    assert!(config.admin.unwrap().is_none());
    assert!(config.http.trusted_proxies.is_empty());
    assert!(config.http.forward_auth.accepts.bearer);
    assert!(!config.http.forward_auth.accepts.basic);
    assert_eq!(config.http.forward_auth.throttle_status, 429);
}

#[test]
fn a_missing_root_key_is_named_with_the_way_to_make_one() {
    for variables in [&[][..], &[(ROOT_KEY, "")], &[(ROOT_KEY, "  ")]] {
        let text = refusal(variables);
        assert!(text.starts_with("SECRETS_ENCRYPTION_KEY is missing"), "{text}");
        assert!(text.contains("keyward generate-key"), "{text}");
    }
}

#[test]
fn a_wrong_root_key_is_named_and_not_repeated() {
    let text = refusal(&[(ROOT_KEY, "planted")]);
    assert!(text.starts_with("SECRETS_ENCRYPTION_KEY is not a key"), "{text}");
    assert!(!text.contains("planted"));
}

#[test]
fn a_secret_comes_from_its_file_but_not_from_both() {
    let file = std::env::temp_dir().join(format!("keyward-config-{}", std::process::id()));
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    let path = file.to_str().unwrap();
    assert!(load(&[("SECRETS_ENCRYPTION_KEY_FILE", path)]).is_ok());
    let both = refusal(&[("SECRETS_ENCRYPTION_KEY_FILE", path), (ROOT_KEY, KEY)]);
    assert!(both.contains("are both set"), "{both}");
    std::fs::write(&file, " \n").unwrap();
    assert!(refusal(&[("SECRETS_ENCRYPTION_KEY_FILE", path)]).contains("empty file"));
    std::fs::remove_file(&file).unwrap();
    assert!(refusal(&[("SECRETS_ENCRYPTION_KEY_FILE", path)]).contains("cannot be read"));
}

#[test]
fn each_variable_is_taken_as_editors_and_env_files_hand_it_over() {
    let key = format!("\u{feff}\"{KEY}\"\r\n");
    let config = load(&[
        (ROOT_KEY, &key),
        (DATABASE_URL, "'sqlite://a.db' \r"),
        ("KEYWARD_BIND", "\"127.0.0.1:0\"\r"),
        ("KEYWARD_PUBLIC_URL", " https://keys.example.com\n"),
        ("KEYWARD_TRUSTED_PROXIES", "\"10.0.0.0/8,\r\n  ::1\""),
        ("KEYWARD_ADMIN_EMAIL", "\"ada@example.com\"\r"),
        (ADMIN_PASSWORD, "correct horse battery\r"),
        (BEARER, "False"),
        (THROTTLE_STATUS, "'403'\r"),
        (AUDIT_KEEP, "\"90d\"\r"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.store.database.url.expose(), "sqlite://a.db");
    assert_eq!(config.http.bind.port(), 0);
    assert_eq!(config.http.public_url.unwrap().as_str(), "https://keys.example.com/");
    assert_eq!(config.http.trusted_proxies.len(), 2);
    assert!(!config.http.forward_auth.accepts.bearer);
    assert_eq!(config.http.forward_auth.throttle_status, 403);
    assert_eq!(config.audit_keep, Some(Duration::from_hours(24 * 90)));
    let admin = config.admin.unwrap().unwrap();
    assert_eq!(admin.email.as_str(), "ada@example.com");
}

#[test]
fn the_root_key_is_no_other_secret() {
    let escaped = percent_encoding::utf8_percent_encode(KEY, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("postgres://u:{escaped}@h/d");
    let text = refusal(&[(ROOT_KEY, KEY), (DATABASE_URL, &url)]);
    assert!(text.contains("DATABASE_URL"), "{text}");
    let admin = [(ROOT_KEY, KEY), ("KEYWARD_ADMIN_EMAIL", "a@b"), (ADMIN_PASSWORD, KEY)];
    assert!(refusal(&admin).contains(ADMIN_PASSWORD));
}

#[test]
fn each_wrong_variable_is_named() {
    for (variable, value) in [
        ("DATABASE_URL", "mysql://planted"),
        ("DATABASE_URL", "postgres://u:planted@h:x/d"),
        ("KEYWARD_BIND", "planted"),
        ("KEYWARD_PUBLIC_URL", "planted"),
        ("KEYWARD_PUBLIC_URL", "https://planted/path"),
        ("KEYWARD_PUBLIC_URL", "ftp://planted"),
        ("KEYWARD_TRUSTED_PROXIES", "10.0.0.0/8,planted"),
        (BEARER, "planted"),
        (BASIC, "planted"),
        (THROTTLE_STATUS, "planted"),
        (THROTTLE_STATUS, "200"),
        (AUDIT_KEEP, "planted"),
        (AUDIT_KEEP, "90"),
        (AUDIT_KEEP, "1h"),
        (AUDIT_KEEP, "101y"),
    ] {
        let text = refusal(&[(ROOT_KEY, KEY), (variable, value)]);
        assert!(text.starts_with(variable) && !text.contains("planted"), "{text}");
    }
}

#[test]
fn an_administrator_is_given_whole_or_not_at_all() {
    let email = ("KEYWARD_ADMIN_EMAIL", "ada@example.com");
    let admin = |variables: &[_]| load(variables).unwrap().admin;
    let refusal = |variables: &[_]| admin(variables).unwrap_err().to_string();
    assert!(refusal(&[(ROOT_KEY, KEY), email]).starts_with(ADMIN_PASSWORD));
    let password = (ADMIN_PASSWORD, "long enough");
    assert!(refusal(&[(ROOT_KEY, KEY), password]).starts_with("KEYWARD_ADMIN_EMAIL"));
    assert!(refusal(&[(ROOT_KEY, KEY), email, (ADMIN_PASSWORD, "short")]).contains("10 to 200"));
    assert!(admin(&[(ROOT_KEY, KEY), email, password]).unwrap().is_some());
}

#[test]
fn an_issuer_and_a_client_are_enough_for_single_sign_on() {
    assert!(load(&[(ROOT_KEY, KEY)]).unwrap().oidc.is_none());
    let issuer = (ISSUER, "https://id.example/realms/x/");
    let config = load(&[(ROOT_KEY, KEY), issuer, (CLIENT_ID, "keyward")]).unwrap();
    let oidc = config.oidc.unwrap();
    assert_eq!(oidc.issuer, "https://id.example/realms/x/");
    assert_eq!((oidc.name.as_str(), oidc.groups.claim.as_str()), ("id.example", "groups"));
    assert!(oidc.provisions && oidc.client_secret.is_none() && !oidc.groups.is_configured());
    assert!(config.local_sign_in);
    let groups = (ADMIN_GROUPS, "Key Admins, /root ,,");
    let config = load(&[(ROOT_KEY, KEY), issuer, (CLIENT_ID, "keyward"), groups]).unwrap();
    assert_eq!(config.oidc.unwrap().groups.admin, ["Key Admins", "/root"]);
    for loopback in ["http://127.0.0.1:1", "http://[::1]/", "http://localhost/x"] {
        let config = load(&[(ROOT_KEY, KEY), (ISSUER, loopback), (CLIENT_ID, "keyward")]);
        assert!(config.unwrap().oidc.unwrap().is_plain(), "{loopback}");
    }
}

#[test]
fn what_is_wrong_with_single_sign_on_is_named() {
    let (id, issuer) = ((CLIENT_ID, "keyward"), (ISSUER, "https://id.example"));
    for (expected, variables) in [
        (CLIENT_ID, &[issuer][..]),
        (CLIENT_ID, &[id]),
        (CLIENT_SECRET, &[(CLIENT_SECRET, "planted")]),
        (ADMIN_GROUPS, &[(ADMIN_GROUPS, "planted")]),
        (LOCAL_SIGN_IN, &[(LOCAL_SIGN_IN, "off")]),
        (LOCAL_SIGN_IN, &[(LOCAL_SIGN_IN, "planted")]),
        (PROVISION, &[issuer, id, (PROVISION, "planted")]),
        (NAME, &[issuer, id, (NAME, &"planted".repeat(10))]),
        (CA_FILE, &[issuer, id, (CA_FILE, "/nowhere")]),
        (CA_FILE, &[issuer, id, (CA_FILE, "Cargo.toml")]),
        (ROOT_KEY, &[issuer, id, (CLIENT_SECRET, KEY)]),
        (ISSUER, &[id, (ISSUER, "planted")]),
        (ISSUER, &[id, (ISSUER, "http://planted.example")]),
        (ISSUER, &[id, (ISSUER, "https://planted@id.example")]),
        (ISSUER, &[id, (ISSUER, "https://id.example?planted")]),
        (ISSUER, &[id, (ISSUER, "ftp://planted")]),
    ] {
        let text = refusal(&[&[(ROOT_KEY, KEY)], variables].concat());
        assert!(text.starts_with(expected) && !text.contains("planted"), "{text}");
    }
    let off = [(ROOT_KEY, KEY), issuer, id, (LOCAL_SIGN_IN, "off"), (CLIENT_SECRET, "planted")];
    let config = load(&off).unwrap();
    assert!(!config.local_sign_in && !format!("{config:?}").contains("planted"));
}

#[test]
fn debug_shows_no_secret() {
    let config = load(&[
        (ROOT_KEY, KEY),
        (DATABASE_URL, "postgres://u:planted-1@h/d"),
        ("KEYWARD_ADMIN_EMAIL", "a@b"),
        (ADMIN_PASSWORD, "planted-value"),
    ]);
    let text = format!("{:?}", config.unwrap());
    assert!(!text.contains("planted") && !text.contains(KEY), "{text}");
}
