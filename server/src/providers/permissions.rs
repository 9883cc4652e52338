//! What handlers of providers ask for.

use keyward_api::audit::Action;
use keyward_api::scopes;

use crate::access::{ByScope, Intent, Permission};

pub struct ResolveCredentials;

impl Permission for ResolveCredentials {
    const SCOPE: Option<ByScope> = Some((scopes::PROVIDERS_RESOLVE, |_| Intent {
        action: Action::ProviderResolve,
        target: None,
    }));
}

/// Entering, changing and deleting the keys of providers and models.
pub struct WriteProviders;

impl Permission for WriteProviders {}
