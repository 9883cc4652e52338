//! Files with secrets in them.

use std::path::Path;

use super::admin::ADMIN_PASSWORD;
use super::database::DATABASE_URL;
use super::root_key::{PREVIOUS_ROOT_KEY, ROOT_KEY};
use super::source::Environment;
use super::values::variable;
use crate::hardening::warn_if_exposed;

/// Each may be in a file that the variable with `_FILE` names.
const SECRETS: [&str; 4] = [ROOT_KEY, PREVIOUS_ROOT_KEY, DATABASE_URL, ADMIN_PASSWORD];

/// Warns of files with secrets in them that other users can open: those that variables name,
/// and `.env` here.
pub fn warn_of_exposed_files(env: Environment<'_>) {
    let named = SECRETS.iter().filter_map(|name| variable(env, &format!("{name}_FILE")));
    for file in named.chain([".env".to_owned()]) {
        warn_if_exposed(Path::new(&file));
    }
}
