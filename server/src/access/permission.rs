//! What a handler asks for.

use http::request::Parts;
use keyward_api::scopes::KnownScope;

use crate::audit::Action;

/// What a handler asks for; each noun has its own, beside its handlers.
pub trait Permission: Send + Sync {
    /// Whether a person who is signed in has it.
    const SESSION: bool = true;
    /// How a key has it; none: no key has it, and none is looked at.
    const SCOPE: Option<ByScope> = None;
}

/// The scope that gives a permission to a key, and what a request for it would do.
pub type ByScope = (KnownScope, fn(&Parts) -> Intent);

/// What a request would do, as far as its path tells; for the record of a refusal.
#[derive(Clone, Debug)]
pub struct Intent {
    pub action: Action,
    pub target: Option<String>,
}
