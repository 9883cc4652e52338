//! Files with secrets in them.

use std::path::PathBuf;

use super::admin::ADMIN_PASSWORD;
use super::database::DATABASE_URL;
use super::oidc::CLIENT_SECRET;
use super::root_key::{PREVIOUS_ROOT_KEY, ROOT_KEY};
use super::source::Environment;
use super::values::variable;
use crate::hardening::warn_if_exposed;

/// Each may be in a file that the variable with `_FILE` names.
const SECRETS: [&str; 5] =
    [ROOT_KEY, PREVIOUS_ROOT_KEY, DATABASE_URL, ADMIN_PASSWORD, CLIENT_SECRET];

/// Files with secrets in them: those that variables name, and `.env` here. Not all need be there.
pub fn secret_files(env: Environment<'_>) -> Vec<PathBuf> {
    let named = SECRETS.iter().filter_map(|name| variable(env, &format!("{name}_FILE")));
    named.chain([".env".to_owned()]).map(PathBuf::from).collect()
}

/// Warns of those that other users can open.
pub fn warn_of_exposed_files(env: Environment<'_>) {
    for file in secret_files(env) {
        warn_if_exposed(&file);
    }
}
