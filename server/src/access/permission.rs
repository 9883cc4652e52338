//! What a handler asks for.

use http::request::Parts;
use keyward_api::roles::Role;
use keyward_api::scopes::KnownScope;

use crate::audit::Action;

/// What a handler asks for; each noun has its own, beside its handlers.
pub trait Permission: Send + Sync {
    /// The least role with which a person who is signed in has it; none: no person has it.
    const ROLE: Option<Role>;
    /// The scope by which a key has it; none: no key has it, and none is looked at.
    const SCOPE: Option<KnownScope> = None;

    /// What a request for it would do, for the record of a refusal; none: nothing that is worth
    /// one.
    fn intent(_: &Parts) -> Option<Intent> {
        None
    }
}

/// What a request would do, as far as its path tells.
#[derive(Clone, Debug)]
pub struct Intent {
    pub action: Action,
    pub target: Option<String>,
}

impl Intent {
    /// To do this, whatever to.
    pub fn to(action: Action) -> Option<Self> {
        Some(Self { action, target: None })
    }
}
