//! The root key, which has no default and no second use.

use keyward_api::Sensitive;
use keyward_core::kek::{RootKey, RootKeyError, RootKeys};

use super::source::{ConfigError, Environment};
use super::values::secret;

pub(super) const ROOT_KEY: &str = "SECRETS_ENCRYPTION_KEY";
pub(super) const PREVIOUS_ROOT_KEY: &str = "SECRETS_ENCRYPTION_KEY_PREVIOUS";
const HINT: &str = "Make one with `keyward generate-key`.";

pub fn load_root_keys(env: Environment<'_>) -> Result<RootKeys, ConfigError> {
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

/// The root key is for one use: somebody who learns another secret must not learn it.
pub(super) fn refuse_shared_root_key(
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
