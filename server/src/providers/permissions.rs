//! What handlers of providers ask for.

use http::Method;
use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::roles::Role;
use keyward_api::scopes::{self, KnownScope};

use crate::access::{Intent, Permission};

/// Seeing which providers there are, and which of their keys would be used.
pub struct ReadProviders;

impl Permission for ReadProviders {
    const ROLE: Option<Role> = Some(Role::Viewer);
    const SCOPE: Option<KnownScope> = Some(scopes::PROVIDERS_RESOLVE);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::ProviderResolve)
    }
}

/// Getting the key of a provider or model.
pub struct ResolveCredentials;

impl Permission for ResolveCredentials {
    const ROLE: Option<Role> = Some(Role::Editor);
    const SCOPE: Option<KnownScope> = Some(scopes::PROVIDERS_RESOLVE);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::ProviderResolve)
    }
}

/// Entering, changing and deleting the keys of providers and models.
pub struct WriteProviders;

impl Permission for WriteProviders {
    const ROLE: Option<Role> = Some(Role::Editor);
    const SCOPE: Option<KnownScope> = Some(scopes::PROVIDERS_WRITE);

    fn intent(parts: &Parts) -> Option<Intent> {
        Intent::to(match parts.method {
            Method::PATCH => Action::ProviderUpdate,
            Method::DELETE => Action::ProviderDelete,
            _ => Action::ProviderSet,
        })
    }
}
