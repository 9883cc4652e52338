//! What handlers of secrets ask for.

use http::Method;
use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::secrets::SecretKey;
use keyward_api::{paths, scopes};
use percent_encoding::percent_decode_str;

use crate::access::{ByScope, Intent, Permission};

pub struct ReadSecrets;

impl Permission for ReadSecrets {
    const SCOPE: Option<ByScope> =
        Some((scopes::SECRETS_READ, |parts| intent(parts, Action::SecretRead)));
}

pub struct WriteSecrets;

impl Permission for WriteSecrets {
    const SCOPE: Option<ByScope> = Some((scopes::SECRETS_WRITE, |parts| {
        let action = match parts.method {
            Method::POST => Action::SecretCreate,
            Method::DELETE => Action::SecretDelete,
            _ => Action::SecretUpdate,
        };
        intent(parts, action)
    }));
}

fn intent(parts: &Parts, action: Action) -> Intent {
    Intent { action, target: in_path(parts) }
}

/// The key in the path, if it can be one.
fn in_path(parts: &Parts) -> Option<String> {
    let key = parts.uri.path().strip_prefix(paths::SECRETS)?.strip_prefix('/')?;
    let key = percent_decode_str(key).decode_utf8().ok()?;
    SecretKey::try_from(key.into_owned()).ok().map(String::from)
}
