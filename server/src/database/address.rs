//! What `DATABASE_URL` says: `sqlite:PATH`, `sqlite://PATH` or `postgres://...`.
//!
//! A sentence about what is wrong never repeats any of it: where special characters of a
//! password are not percent-encoded, each part may hold some of the password.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::{Url, form_urlencoded};

use super::error::place;

const UNKNOWN: &str = "is not understood: expected sqlite://PATH or \
                       postgres://USER:PASSWORD@HOST/NAME";
const ESCAPE: &str = "special characters in a password or name must be percent-encoded: @ as %40, \
                      / as %2F, : as %3A, ? as %3F, # as %23, % as %25";
const SEVERAL_HOSTS: &str = "names several hosts: expected one";

/// Parameters of libpq and of poolers' examples that change nothing here.
const WITHOUT_EFFECT: [&str; 17] = [
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "pgbouncer",
    "ssl_min_protocol_version",
    "sslcompression",
    "sslnegotiation",
    "sslsni",
    "statement-cache-capacity",
    "target_session_attrs",
    "tcp_user_timeout",
];
const WITH_EFFECT: [&str; 11] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "sslrootcert",
    "sslcert",
    "sslkey",
];
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

#[derive(Clone, Debug)]
pub enum Address {
    /// In a file of `SQLite`.
    Sqlite(SqliteFile),
    Postgres(Box<Server>),
}

#[derive(Clone)]
pub struct Server {
    pub options: PgConnectOptions,
    /// Files of certificates and keys, each with its parameter.
    pub files: Vec<(String, PathBuf)>,
}

/// A file of `SQLite`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteFile {
    pub path: PathBuf,
    /// `false` with `mode=rw`: whatever runs, the file must be there.
    pub may_create: bool,
}

impl Address {
    /// Reads the address. The error continues a sentence that begins with the variable.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').ok_or(UNKNOWN)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite(rest).map(Self::Sqlite),
            "postgres" | "postgresql" => {
                let server = postgres(&format!("postgres:{rest}"))?;
                Ok(Self::Postgres(Box::new(server)))
            }
            "file" => Err("is a file: URI: expected sqlite://PATH".to_owned()),
            _ => Err(UNKNOWN.to_owned()),
        }
    }
}

impl Server {
    /// Whether what is sent to it leaves this machine.
    pub fn is_on_this_machine(&self) -> bool {
        self.options.get_socket().is_some() || is_loopback(self.options.get_host())
    }

    /// The database, with its host and port or its socket.
    pub fn place(&self) -> String {
        let name = self.options.get_database().unwrap_or(self.options.get_username());
        format!("{name} at {}", place(&self.options))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("host", &self.options.get_host()).finish_non_exhaustive()
    }
}

fn sqlite(rest: &str) -> Result<SqliteFile, String> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = percent_decode_str(path).decode_utf8().map_err(|_| "is not UTF-8")?;
    if path == ":memory:" || path.starts_with("file:") {
        return Err(
            "keeps nothing: each connection would have a store of its own; name a file".to_owned()
        );
    }
    if path.trim().is_empty() || path.contains('\0') {
        return Err("names no file: expected sqlite://PATH".to_owned());
    }
    let mut file = SqliteFile { path: PathBuf::from(path.into_owned()), may_create: true };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("mode", "rwc") => (),
            ("mode", "rw") => file.may_create = false,
            ("mode", "ro") => {
                return Err("has mode=ro: Keyward writes whatever it does to its audit log".into());
            }
            _ => {
                let expected = "has a parameter that is not understood: expected mode=rwc or \
                                mode=rw, and ? in a file name as %3F";
                return Err(expected.to_owned());
            }
        }
    }
    Ok(file)
}

fn postgres(text: &str) -> Result<Server, String> {
    let wrong = || format!("is no URL: expected postgres://USER:PASSWORD@HOST/NAME; {ESCAPE}");
    let mut url = Url::parse(&with_host(text)).map_err(|_| wrong())?;
    let path = url.path().trim_start_matches('/');
    let is_torn = url.cannot_be_a_base() || url.fragment().is_some() || path.contains(['/', '@']);
    if is_torn || !is_percent_encoded(text) {
        return Err(wrong());
    }
    if url.host_str().is_some_and(|host| host.contains(',')) {
        return Err(SEVERAL_HOSTS.to_owned());
    }
    let (parameters, ssl_mode) = parameters(&url)?;
    url.set_query(None);
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(&parameters);
    }
    let options = url.as_str().parse::<PgConnectOptions>();
    let options = options.map_err(|_| format!("has a parameter that is wrong; {ESCAPE}"))?;
    let host = options.get_host().trim_matches(['[', ']']).to_owned();
    let options = options.host(&host).extra_float_digits(None);
    let default = if options.get_socket().is_some() || is_loopback(&host) {
        PgSslMode::Prefer
    } else {
        PgSslMode::VerifyFull
    };
    let options = options.ssl_mode(ssl_mode.unwrap_or(default));
    let is_file = |name: &str, value: &str| {
        ["sslrootcert", "sslcert", "sslkey"].contains(&name) && !value.starts_with("-----BEGIN ")
    };
    let files = parameters.into_iter().filter(|(name, value)| is_file(name, value));
    let files = files.map(|(name, value)| (name, value.into())).collect();
    Ok(Server { options, files })
}

/// `USER@/NAME` and `USER@:PORT/NAME`, whose host is a parameter or this machine, in a form that
/// `url` takes.
fn with_host(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("//") else { return text.into() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rfind('@').map_or(0, |at| at + 1);
    let host = &authority[user..];
    if authority.is_empty() || !(host.is_empty() || host.starts_with(':')) {
        return text.into();
    }
    let (user, rest) = rest.split_at(user);
    format!("{scheme}//{user}localhost{rest}").into()
}

/// Those the driver is to have, and the mode of TLS if one is given.
#[expect(clippy::type_complexity, reason = "pairs as `url` takes them")]
fn parameters(url: &Url) -> Result<(Vec<(String, String)>, Option<PgSslMode>), String> {
    // A plus is a plus, as for libpq, and no space of a form.
    let query = url.query().unwrap_or_default().replace('+', "%2B");
    let (mut kept, mut ssl_mode) = (Vec::new(), None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "sslmode" | "ssl-mode" => ssl_mode = Some(parse_ssl_mode(&value)?),
            "host" | "hostaddr" | "port" if value.contains(',') => {
                return Err(SEVERAL_HOSTS.to_owned());
            }
            // The authorities that every program trusts are trusted anyway.
            "sslrootcert" if value == "system" => (),
            known if WITH_EFFECT.contains(&known) || known.starts_with("options[") => {
                kept.push((name.into_owned(), value.into_owned()));
            }
            known if WITHOUT_EFFECT.contains(&known) => (),
            _ => {
                let known = WITH_EFFECT.join(", ");
                return Err(format!(
                    "has a parameter that is not understood: expected {known} or sslmode; {ESCAPE}"
                ));
            }
        }
    }
    Ok((kept, ssl_mode))
}

fn parse_ssl_mode(text: &str) -> Result<PgSslMode, String> {
    let wrong = || format!("has a wrong sslmode: expected {}", SSL_MODES.join(", "));
    if text == "allow" {
        // The driver would never ask for TLS; asking for it first is no less.
        return Ok(PgSslMode::Prefer);
    }
    text.parse().map_err(|_| wrong())
}

/// Whether each `%` begins an encoded byte.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit))
}

/// What never leaves the machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.starts_with('/')
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SqliteFile {
        match Address::parse(text) {
            Ok(Address::Sqlite(file)) => file,
            Ok(Address::Postgres(_)) => panic!("{text} is PostgreSQL"),
            Err(problem) => panic!("{text} {problem}"),
        }
    }

    fn server(text: &str) -> PgConnectOptions {
        match Address::parse(text) {
            Ok(Address::Postgres(server)) => server.options,
            Ok(Address::Sqlite(file)) => panic!("{text} is {file:?}"),
            Err(problem) => panic!("{text} {problem}"),
        }
    }

    fn refusal(text: &str) -> String {
        Address::parse(text).err().unwrap_or_else(|| panic!("{text} was taken"))
    }

    #[test]
    fn a_file_is_named_in_each_form() {
        for (text, path) in [
            ("sqlite://relative.db", "relative.db"),
            ("sqlite:relative.db", "relative.db"),
            ("sqlite://data/keyward.db", "data/keyward.db"),
            ("sqlite:///absolute/keyward.db", "/absolute/keyward.db"),
            ("sqlite:/absolute/keyward.db", "/absolute/keyward.db"),
            ("SQLite:a.db?mode=rwc", "a.db"),
            ("sqlite://with space.db", "with space.db"),
            ("sqlite://with%20space%3F.db", "with space?.db"),
            ("sqlite://./a#b.db", "./a#b.db"),
        ] {
            let found = file(text);
            assert_eq!((found.path.to_str().unwrap(), found.may_create), (path, true), "{text}");
        }
        assert!(!file("sqlite://a.db?mode=rw").may_create);
    }

    #[test]
    fn what_keeps_nothing_or_cannot_be_written_is_refused() {
        for (text, expected) in [
            ("sqlite::memory:", "keeps nothing"),
            ("sqlite://:memory:", "keeps nothing"),
            ("sqlite://file:a.db", "keeps nothing"),
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("sqlite://?mode=rwc", "names no file"),
            ("sqlite://a.db?mode=memory", "parameter"),
            ("sqlite://a.db?mode=ro", "mode=ro"),
            ("sqlite://a.db?cache=shared", "parameter"),
            ("file:a.db", "expected sqlite://PATH"),
            ("mysql://planted", "is not understood"),
            ("planted", "is not understood"),
            ("", "is not understood"),
        ] {
            let problem = refusal(text);
            assert!(problem.contains(expected) && !problem.contains("planted"), "{text} {problem}");
        }
    }

    #[test]
    fn a_server_is_named_in_each_form() {
        for (text, host, port) in [
            ("postgres://u@h/d", "h", 5432),
            ("postgresql://u@h:6432/d", "h", 6432),
            ("Postgres://u@h:6432/d", "h", 6432),
            ("postgres://u@[::1]:6432/d", "::1", 6432),
            ("postgres://u@[2001:db8::7]/d", "2001:db8::7", 5432),
            ("postgres://u@127.0.0.1/d", "127.0.0.1", 5432),
            ("postgres:///d?host=h&port=6432&user=u", "h", 6432),
            ("postgres://u@:6432/d", "localhost", 6432),
            ("postgres://u@/d?host=h", "h", 5432),
            ("postgres://u@h/d?connect_timeout=10&channel_binding=require", "h", 5432),
            ("postgres://u@h/d?pgbouncer=true&application_name=a", "h", 5432),
        ] {
            let options = server(text);
            assert_eq!((options.get_host(), options.get_port()), (host, port), "{text}");
            assert_eq!(options.get_database(), Some("d"), "{text}");
            assert_eq!(options.get_username(), "u", "{text}");
        }
        for text in [
            "postgres:///d?host=/var/run/postgresql&user=u",
            "postgres://u@/d?host=%2Fvar%2Frun%2Fpostgresql",
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/d",
        ] {
            let options = server(text);
            assert_eq!(options.get_socket().unwrap().to_str(), Some("/var/run/postgresql"));
            assert_eq!(options.get_database(), Some("d"));
        }
    }

    #[test]
    fn special_characters_are_themselves_when_encoded_and_a_sentence_when_not() {
        // The driver shows the password in no other way.
        let shown = |text: &str| format!("{:?}", server(text));
        assert!(shown("postgres://u:a%40b%2Fc%3Ad%3Fe%23f%25g@h/d").contains("\"a@b/c:d?e#f%g\""));
        assert!(shown("postgres://u@h/d?password=a%2Bb+c").contains("\"a+b+c\""));
        assert!(shown("postgres://u:a+b@h/d").contains("\"a+b\""));
        for text in [
            "postgres://u:plan/ted@h/d",
            "postgres://u:1/planted@h/d",
            "postgres://u:1#planted@h/d",
            "postgres://u:1?planted@h/d",
            "postgres://u:1?planted=1@h/d",
            "postgres://u:planted%@h/d",
            "postgres://u:planted%zz@h/d",
            "postgres://u:planted@h:x/d",
            "postgres:planted",
        ] {
            let problem = refusal(text);
            assert!(problem.contains("@ as %40"), "{text} {problem}");
            assert!(!problem.contains("planted"), "{text} {problem}");
        }
    }

    #[test]
    fn what_the_driver_does_not_understand_is_refused() {
        for (text, expected) in [
            ("postgres://u@h/d?planted=1", "parameter"),
            ("postgres://u@h/d?sslmode=planted", "expected disable"),
            ("postgres://u@h/d?port=planted", "parameter"),
            ("postgres://u@h,i/d", "several hosts"),
            ("postgres://u@h/d?host=h,i", "several hosts"),
        ] {
            let problem = refusal(text);
            assert!(problem.contains(expected) && !problem.contains("planted"), "{text} {problem}");
        }
    }

    #[test]
    fn a_server_that_is_elsewhere_must_prove_who_it_is() {
        let mode = |text: &str| format!("{:?}", server(text).get_ssl_mode());
        for elsewhere in ["db", "db.example.com", "10.0.0.7", "[2001:db8::7]", "localhost.evil"] {
            assert_eq!(mode(&format!("postgres://u@{elsewhere}/d")), "VerifyFull", "{elsewhere}");
            let with_authority = format!("postgres://u@{elsewhere}/d?sslrootcert=/ca.pem");
            assert_eq!(mode(&with_authority), "VerifyFull");
        }
        assert_eq!(mode("postgres:///d?host=db"), "VerifyFull");
        assert_eq!(mode("postgres://localhost/d?hostaddr=10.0.0.7"), "VerifyFull");
        for here in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "[::1]", "%2Frun"] {
            assert_eq!(mode(&format!("postgres://u@{here}/d")), "Prefer", "{here}");
        }
        assert_eq!(mode("postgres:///d?host=/var/run/postgresql"), "Prefer");
        for said in ["disable", "require", "verify-ca", "verify-full", "prefer"] {
            let chosen = mode(&format!("postgres://u@db/d?sslmode={said}"));
            assert_eq!(chosen.to_lowercase(), said.replace('-', ""));
        }
    }
}
