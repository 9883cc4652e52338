//! Where a machine keeps what it has seen of a store.

use std::path::PathBuf;

use super::source::{ConfigError, Environment};
use super::values::variable;

/// The variable; an error about the folder begins with this name.
pub const STATE_DIR: &str = "KEYWARD_STATE_DIR";

/// The folder that the operator names, which must be there: what should be mounted there and is
/// not must not be taken for a machine that has seen nothing. None: a default, see
/// [`watermark::place`](crate::watermark::place).
pub(super) fn load_state_dir(env: Environment<'_>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(folder) = variable(env, STATE_DIR).map(PathBuf::from) else { return Ok(None) };
    match folder.metadata() {
        Ok(found) if found.is_dir() => Ok(Some(folder)),
        Ok(_) => Err(ConfigError::new(STATE_DIR, "names a file: expected a folder")),
        Err(error) => {
            let problem = format!("names a folder that cannot be used: {error}");
            Err(ConfigError::new(STATE_DIR, problem))
        }
    }
}
