//! Files, disk and addresses of this machine.

use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use url::Url;

use super::Check;
use crate::config::{DatabaseConfig, Environment, HttpConfig, secret_files};
use crate::database::Address;
use crate::hardening::is_open_to_others;
use crate::http::exposure::is_plain_and_reachable;

/// Less room than this, in MB, is too little for a rotation or a backup of most stores.
const LITTLE: u64 = 1_000;
/// With less, the next changes may fail.
const NONE: u64 = 50;

/// Whether others can open what is secret.
pub(super) fn files(env: Environment<'_>, database: &DatabaseConfig) -> Vec<Check> {
    let files = secret_files(env).into_iter().chain(database_files(database));
    let exposed = files.filter(|file| is_open_to_others(file));
    let warned: Vec<Check> = exposed
        .map(|file| {
            let file = file.display();
            let message = format!("other users of this machine can open {file}: chmod 600 {file}");
            Check::warning("files", message)
        })
        .collect();
    if warned.is_empty() { vec![Check::ok("files", "only you can open them")] } else { warned }
}

/// What SQLite keeps beside the database is as secret.
fn database_files(database: &DatabaseConfig) -> Vec<PathBuf> {
    let Ok(Address::Sqlite(file)) = Address::parse(database.url.expose()) else {
        return Vec::new();
    };
    let beside = |suffix| {
        let mut name = file.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    ["", "-wal", "-shm"].map(beside).to_vec()
}

/// Whether keys and passwords travel where others can read them.
pub(super) fn address(http: &HttpConfig) -> Check {
    let bound = Url::parse(&format!("http://{}", http.bind)).ok();
    let Some(url) = http.public_url.as_ref().or(bound.as_ref()) else {
        return Check::warning("address", "the address to listen on is no URL");
    };
    if is_plain_and_reachable(http.bind, url) {
        let message = format!(
            "others reach {url} over plain http: put a proxy that terminates TLS in front, and set \
             KEYWARD_PUBLIC_URL to its https address"
        );
        return Check::warning("address", message);
    }
    Check::ok("address", format!("people use {url}"))
}

/// Whether there is room where SQLite writes.
pub(super) fn disk(database: &DatabaseConfig) -> Option<Check> {
    let Ok(Address::Sqlite(file)) = Address::parse(database.url.expose()) else { return None };
    let folder = file.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let free = match statvfs(folder) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize) / 1_000_000,
        Err(error) => {
            return Some(Check::failure("disk", format!("{}: {error}", folder.display())));
        }
    };
    let message = format!("{free} MB are free in {}", folder.display());
    Some(match free {
        ..NONE => Check::failure("disk", message),
        NONE..LITTLE => Check::warning("disk", message),
        _ => Check::ok("disk", message),
    })
}
