//! What handlers of secrets ask for.

use http::Method;
use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::paths;
use keyward_api::roles::Role;
use keyward_api::scopes::{self, KnownScope};
use keyward_api::secrets::SecretKey;
use percent_encoding::percent_decode_str;

use crate::access::{Intent, Permission};

/// Seeing which secrets there are, without their values.
pub struct ListSecrets;

impl Permission for ListSecrets {
    const ROLE: Option<Role> = Some(Role::Viewer);
    const SCOPE: Option<KnownScope> = Some(scopes::SECRETS_READ);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::SecretRead)
    }
}

/// Reading the values.
pub struct ReadSecrets;

impl Permission for ReadSecrets {
    const ROLE: Option<Role> = Some(Role::Editor);
    const SCOPE: Option<KnownScope> = Some(scopes::SECRETS_READ);

    fn intent(parts: &Parts) -> Option<Intent> {
        Some(intent(parts, Action::SecretRead))
    }
}

/// Who can read a secret tells of keys as well: for people.
pub struct ReadSecretAccess;

impl Permission for ReadSecretAccess {
    const ROLE: Option<Role> = Some(Role::Viewer);
}

pub struct WriteSecrets;

impl Permission for WriteSecrets {
    const ROLE: Option<Role> = Some(Role::Editor);
    const SCOPE: Option<KnownScope> = Some(scopes::SECRETS_WRITE);

    fn intent(parts: &Parts) -> Option<Intent> {
        let action = match parts.method {
            Method::POST => Action::SecretCreate,
            Method::DELETE => Action::SecretDelete,
            _ => Action::SecretUpdate,
        };
        Some(intent(parts, action))
    }
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
