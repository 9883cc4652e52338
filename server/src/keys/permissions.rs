//! What handlers of keys ask for.

use keyward_api::audit::Action;
use keyward_api::scopes;

use crate::access::{ByScope, Intent, Permission};

pub struct ReadKeys;

impl Permission for ReadKeys {}

pub struct WriteKeys;

impl Permission for WriteKeys {}

/// Asking about the keys of others: for back ends, so a session does not do.
pub struct VerifyKeys;

impl Permission for VerifyKeys {
    const SESSION: bool = false;
    const SCOPE: Option<ByScope> =
        Some((scopes::KEYS_VERIFY, |_| Intent { action: Action::KeyVerify, target: None }));
}
