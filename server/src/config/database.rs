//! Which database.

use std::borrow::Cow;
use std::fmt;

use keyward_api::Sensitive;
use url::Url;
use zeroize::Zeroizing;

use super::source::{ConfigError, Environment, Flags};
use super::values;
use crate::database::Address;

/// The variable of the address; an error about it begins with this name.
pub const DATABASE_URL: &str = "DATABASE_URL";
/// The variable of the address for notifications.
pub const DATABASE_LISTEN_URL: &str = "DATABASE_LISTEN_URL";
const CONNECTIONS: &str = "KEYWARD_DATABASE_CONNECTIONS";
const FLAG: &str = "--database-url";
const DEFAULT: &str = "sqlite://data/keyward.db";

#[derive(Clone)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://...`, with its password.
    pub url: Sensitive,
    /// At most so many connections at a time, beside those for leases and notifications.
    pub connections: Option<u32>,
    /// The same PostgreSQL without a pooler in between, for notifications.
    pub listen_url: Option<Sensitive>,
}

impl DatabaseConfig {
    /// The database at this address, with as many connections as usual.
    pub fn at(url: impl Into<Sensitive>) -> Self {
        Self { url: url.into(), connections: None, listen_url: None }
    }

    /// Reads the address of the database alone, for commands that need nothing else.
    pub fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let connections = values::number(env, CONNECTIONS, 1..=500)?;
        let url = match &flags.database_url {
            Some(url) => {
                refuse_password(url)?;
                Some(url.clone().into())
            }
            None => values::secret(env, DATABASE_URL)?,
        };
        let url = url.unwrap_or_else(|| DEFAULT.to_owned().into());
        Address::parse(url.expose()).map_err(|problem| ConfigError::new(DATABASE_URL, problem))?;
        let listen_url = values::secret(env, DATABASE_LISTEN_URL)?;
        if let Some(listen) = &listen_url {
            let wrong = |problem: String| ConfigError::new(DATABASE_LISTEN_URL, problem);
            match Address::parse(listen.expose()).map_err(wrong)? {
                Address::Postgres(_) => (),
                Address::Sqlite(_) => return Err(wrong("names no PostgreSQL".to_owned())),
            }
        }
        Ok(Self { url, connections, listen_url })
    }

    pub fn place(&self) -> String {
        match Address::parse(self.url.expose()) {
            Ok(Address::Sqlite(file)) => file.path.display().to_string(),
            Ok(Address::Postgres(server)) => server.place(),
            Err(_) => DATABASE_URL.to_owned(),
        }
    }

    /// Whatever in the address may be a password: before the host, or a parameter.
    pub(super) fn passwords(&self) -> Vec<Zeroizing<String>> {
        let urls = [Some(&self.url), self.listen_url.as_ref()].into_iter().flatten();
        let mut passwords = Vec::new();
        for url in urls.filter_map(|url| Url::parse(url.expose()).ok()) {
            let parameters = url.query_pairs().map(|(_, value)| value.into_owned());
            passwords.extend(before_host(&url).into_iter().chain(parameters).map(Zeroizing::new));
        }
        passwords
    }
}

/// Any user of the machine can list the arguments of all processes.
fn refuse_password(url: &str) -> Result<(), ConfigError> {
    let Ok(url) = Url::parse(url) else { return Ok(()) };
    if url.scheme() == "sqlite" {
        return Ok(());
    }
    let is_password = |name: &str| ["password", "sslpassword"].contains(&name);
    let mut parameters = url.query_pairs();
    let has_password = before_host(&url).is_some_and(|password| !password.is_empty())
        || parameters.any(|(name, value)| is_password(&name) && !value.is_empty());
    if !has_password {
        return Ok(());
    }
    let problem = format!(
        "must hold no password, since others on this machine can see it: set {DATABASE_URL}, or \
         put the address into a file and set {DATABASE_URL}_FILE"
    );
    Err(ConfigError::new(FLAG, problem))
}

fn before_host(url: &Url) -> Option<String> {
    let decode = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    url.password().map(decode).map(Cow::into_owned)
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.expose().split(':').next().unwrap_or_default();
        f.debug_struct("DatabaseConfig").field("scheme", &scheme).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(flag: Option<&str>, variables: &[(&str, &str)]) -> Result<DatabaseConfig, ConfigError> {
        let env = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        };
        let flags = Flags { database_url: flag.map(str::to_owned), ..Flags::default() };
        DatabaseConfig::load(&flags, &env)
    }

    #[test]
    fn a_password_on_the_command_line_is_refused_in_each_form() {
        for url in [
            "postgres://u:planted@h/d",
            "postgresql://u:plant%65d@h/d",
            "postgres://:planted@h/d",
            "postgres://u@h/d?password=planted",
            "postgres://u@h/d?pass%77ord=planted",
            "postgres:///d?user=u&password=planted&host=h",
            "postgres://u@h/d?sslpassword=planted",
        ] {
            let text = load(Some(url), &[]).unwrap_err().to_string();
            assert!(text.starts_with("--database-url must hold no password"), "{url}: {text}");
            assert!(text.contains("DATABASE_URL_FILE") && !text.contains("planted"), "{text}");
            assert!(load(None, &[(DATABASE_URL, url)]).is_ok() || url.contains("ssl"), "{url}");
        }
        for url in ["postgres://u@h/d", "postgres://u:@h/d", "sqlite://a.db", "sqlite://u:p@h.db"] {
            assert_eq!(load(Some(url), &[]).unwrap().url.expose(), url);
        }
    }

    #[test]
    fn the_number_of_connections_is_in_its_range() {
        assert_eq!(load(None, &[]).unwrap().connections, None);
        assert_eq!(load(None, &[(CONNECTIONS, "6")]).unwrap().connections, Some(6));
        for text in ["0", "501", "many"] {
            let refusal = load(None, &[(CONNECTIONS, text)]).unwrap_err().to_string();
            assert!(refusal.starts_with(CONNECTIONS) && refusal.contains("1 to 500"), "{refusal}");
        }
    }
}
