//! What the operator decides. Each value comes from a flag, else a variable or, for a
//! secret, the file that `VARIABLE_FILE` names (both is an error), else a default; an error
//! names the variable and what was expected. The table is in the README; what is taken off
//! a value is in [`values`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use http::StatusCode;
use ipnet::IpNet;
use keyward_api::Sensitive;
use keyward_api::session::{Email, NewPassword};
use url::Url;

use crate::encryption::unlock::RootKeys;
use crate::hardening::warn_if_exposed;
use crate::keys::forward_auth::ForwardAuthConfig;
use crate::layers::api_key::Accepts;
use keyward_core::kek::{RootKey, RootKeyError};
use keyward_core::networks;

use database::DATABASE_URL;
pub use database::DatabaseConfig;
use values::{list, password, secret, switch, variable};

mod database;
mod values;

const ROOT_KEY: &str = "SECRETS_ENCRYPTION_KEY";
const PREVIOUS_ROOT_KEY: &str = "SECRETS_ENCRYPTION_KEY_PREVIOUS";
const HINT: &str = "Make one with `keyward generate-key`.";
const ADMIN_PASSWORD: &str = "KEYWARD_ADMIN_PASSWORD";
const BIND: &str = "KEYWARD_BIND";
const METRICS_BIND: &str = "KEYWARD_METRICS_BIND";
const BEARER: &str = "KEYWARD_BEARER";
const BASIC: &str = "KEYWARD_BASIC";
const THROTTLE_STATUS: &str = "KEYWARD_THROTTLE_STATUS";
const AUDIT_KEEP: &str = "KEYWARD_AUDIT_KEEP";
/// Each may be in a file that the variable with `_FILE` names.
const SECRETS: [&str; 4] = [ROOT_KEY, PREVIOUS_ROOT_KEY, DATABASE_URL, ADMIN_PASSWORD];

/// Where variables come from: the process, or a map in a test.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What was given on the command line; it goes before variables.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--bind`.
    pub bind: Option<String>,
    /// `--public-url`.
    pub public_url: Option<String>,
    /// `--database-url`.
    pub database_url: Option<String>,
}

/// A variable is missing or wrong. Ends the program with exit code 78.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    /// The variable, or the flag.
    pub variable: String,
    /// The rest of the sentence; never a value.
    pub problem: String,
}

impl ConfigError {
    fn new(variable: &str, problem: impl fmt::Display) -> Self {
        Self { variable: variable.to_owned(), problem: problem.to_string() }
    }
}

/// How people and programs reach the server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where to listen; port 0 lets the kernel choose.
    pub bind: SocketAddr,
    /// Where `/metrics` is instead of there.
    pub metrics_bind: Option<SocketAddr>,
    /// The address people use; absent: `http://` and what was bound.
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How forward auth answers.
    pub forward_auth: ForwardAuthConfig,
}

/// The administrator to create when there is no user.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Their address.
    pub email: Email,
    /// Their password.
    pub password: NewPassword,
}

/// What is stored, and what opens it.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The root key, and the former one while it is changed.
    pub root_keys: RootKeys,
    /// The database.
    pub database: DatabaseConfig,
}

/// Everything `serve` needs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database and its root key.
    pub store: StoreConfig,
    /// The network.
    pub http: HttpConfig,
    /// The first administrator, if one is given. What is wrong here matters only while there
    /// is none: later starts ignore these variables.
    pub admin: Result<Option<AdminConfig>, ConfigError>,
    /// How long audit entries are kept; absent: for ever.
    pub audit_keep: Option<Duration>,
}

impl Config {
    /// Reads and checks everything; the first thing wrong is the error.
    pub fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let store = StoreConfig::load(flags, env)?;
        let audit_keep = variable(env, AUDIT_KEEP).as_deref().map(parse_keep).transpose()?;
        let (http, admin) = (HttpConfig::load(flags, env)?, AdminConfig::load(env));
        Ok(Self { store, http, admin, audit_keep })
    }
}

impl StoreConfig {
    /// Reads the root keys and the address of the database.
    pub fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let root_keys = load_root_keys(env)?;
        let database = DatabaseConfig::load(flags, env)?;
        for password in database.passwords() {
            refuse_shared_root_key(&root_keys, DATABASE_URL, &password)?;
        }
        // Whether or not it will be used.
        if let Ok(Some(password)) = password(env, ADMIN_PASSWORD) {
            refuse_shared_root_key(&root_keys, ADMIN_PASSWORD, password.expose())?;
        }
        Ok(Self { root_keys, database })
    }
}

impl HttpConfig {
    fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let bind = flags.bind.clone().or_else(|| variable(env, BIND));
        let bind = parse_address(BIND, bind.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let metrics_bind = variable(env, METRICS_BIND);
        let metrics_bind =
            metrics_bind.as_deref().map(|text| parse_address(METRICS_BIND, text)).transpose()?;
        let public_url = flags.public_url.clone().or_else(|| variable(env, "KEYWARD_PUBLIC_URL"));
        let public_url = public_url.as_deref().map(parse_public_url).transpose()?;
        let proxies = variable(env, "KEYWARD_TRUSTED_PROXIES").unwrap_or_default();
        let trusted_proxies = list(&proxies).map(parse_network).collect::<Result<_, _>>()?;
        let forward_auth = ForwardAuthConfig {
            accepts: Accepts {
                bearer: switch(env, BEARER, true)?,
                basic: switch(env, BASIC, false)?,
            },
            throttle_status: parse_throttle_status(variable(env, THROTTLE_STATUS).as_deref())?,
        };
        Ok(Self { bind, metrics_bind, public_url, trusted_proxies, forward_auth })
    }
}

impl AdminConfig {
    fn load(env: Environment<'_>) -> Result<Option<Self>, ConfigError> {
        const EMAIL: &str = "KEYWARD_ADMIN_EMAIL";
        let email = variable(env, EMAIL);
        let password = password(env, ADMIN_PASSWORD)?;
        let (email, password) = match (email, password) {
            (None, None) => return Ok(None),
            (Some(email), Some(password)) => (email, password),
            (Some(_), None) => {
                return Err(ConfigError::new(
                    ADMIN_PASSWORD,
                    format!("is missing: {EMAIL} is set"),
                ));
            }
            (None, Some(_)) => {
                return Err(ConfigError::new(
                    EMAIL,
                    format!("is missing: {ADMIN_PASSWORD} is set"),
                ));
            }
        };
        let wrong = |variable, error: &dyn fmt::Display| {
            ConfigError::new(variable, format!("is wrong: {error}"))
        };
        let email = Email::try_from(email).map_err(|error| wrong(EMAIL, &error))?;
        let password =
            NewPassword::try_from(password).map_err(|error| wrong(ADMIN_PASSWORD, &error))?;
        Ok(Some(Self { email, password }))
    }
}

fn load_root_keys(env: Environment<'_>) -> Result<RootKeys, ConfigError> {
    let Some(text) = secret(env, ROOT_KEY)? else {
        let problem = format!(
            "is missing: it is the root key that encrypts stored secrets, 32 random bytes as base64 \
             or 64 hex digits. Set it, or put it into a file and set {ROOT_KEY}_FILE. {HINT}"
        );
        return Err(ConfigError::new(ROOT_KEY, problem));
    };
    let current = parse_root_key(ROOT_KEY, &text)?;
    let previous = secret(env, PREVIOUS_ROOT_KEY)?;
    if previous.as_ref().is_some_and(|text| current.equals_text(text.expose())) {
        let problem = format!("is the same as {ROOT_KEY}: unset it, or set the former root key");
        return Err(ConfigError::new(PREVIOUS_ROOT_KEY, problem));
    }
    let parse = |text: &Sensitive| parse_root_key(PREVIOUS_ROOT_KEY, text);
    Ok(RootKeys { current, previous: previous.as_ref().map(parse).transpose()? })
}

fn parse_root_key(variable: &str, text: &Sensitive) -> Result<RootKey, ConfigError> {
    RootKey::parse(text.expose())
        .map_err(|error: RootKeyError| ConfigError::new(variable, format!("{error}. {HINT}")))
}

/// The root key is for one use: whoever learns another secret must not learn it.
fn refuse_shared_root_key(
    root_keys: &RootKeys,
    other: &str,
    value: &str,
) -> Result<(), ConfigError> {
    let problem =
        || format!("is also the password in {other}: the root key must be used for nothing else");
    if root_keys.current.equals_text(value) {
        return Err(ConfigError::new(ROOT_KEY, problem()));
    }
    if root_keys.previous.as_ref().is_some_and(|previous| previous.equals_text(value)) {
        return Err(ConfigError::new(PREVIOUS_ROOT_KEY, problem()));
    }
    Ok(())
}

/// Warns of files with secrets in them that other users can open: those that variables name,
/// and `.env` here.
pub fn warn_of_exposed_files(env: Environment<'_>) {
    let named = SECRETS.iter().filter_map(|name| variable(env, &format!("{name}_FILE")));
    for file in named.chain([".env".to_owned()]) {
        warn_if_exposed(Path::new(&file));
    }
}

fn parse_public_url(text: &str) -> Result<Url, ConfigError> {
    let wrong = || {
        let expected = "is no address: expected http(s)://HOST[:PORT] without path or query";
        ConfigError::new("KEYWARD_PUBLIC_URL", expected)
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if fits { Ok(url) } else { Err(wrong()) }
}

/// Whole days are closed, so less than one would be none; centuries are a typing error.
fn parse_keep(text: &str) -> Result<Duration, ConfigError> {
    let days = Duration::from_hours(24)..=Duration::from_hours(24 * 36_525);
    let keep = humantime::parse_duration(text).ok().filter(|keep| days.contains(keep));
    let problem = "is wrong: expected a duration of 1 day to 100 years, e.g. 90d";
    keep.ok_or_else(|| ConfigError::new(AUDIT_KEEP, problem))
}

fn parse_address(name: &str, text: &str) -> Result<SocketAddr, ConfigError> {
    let problem = "is no address: expected IP:PORT, e.g. 127.0.0.1:8080";
    text.parse().map_err(|_| ConfigError::new(name, problem))
}

/// Only what forward auth may answer at all.
fn parse_throttle_status(text: Option<&str>) -> Result<StatusCode, ConfigError> {
    match text {
        None | Some("429") => Ok(StatusCode::TOO_MANY_REQUESTS),
        Some("401") => Ok(StatusCode::UNAUTHORIZED),
        Some("403") => Ok(StatusCode::FORBIDDEN),
        Some("503") => Ok(StatusCode::SERVICE_UNAVAILABLE),
        Some(_) => {
            Err(ConfigError::new(THROTTLE_STATUS, "is wrong: expected 401, 403, 429 or 503"))
        }
    }
}

fn parse_network(text: &str) -> Result<IpNet, ConfigError> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| address()).map(networks::canonical).map_err(|_| {
        ConfigError::new("KEYWARD_TRUSTED_PROXIES", "is no list of networks, e.g. 10.0.0.0/8,::1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let escaped =
            percent_encoding::utf8_percent_encode(KEY, percent_encoding::NON_ALPHANUMERIC);
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
        assert!(
            refusal(&[(ROOT_KEY, KEY), email, (ADMIN_PASSWORD, "short")]).contains("10 to 200")
        );
        assert!(admin(&[(ROOT_KEY, KEY), email, password]).unwrap().is_some());
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
}
