//! What extractors need of the server to tell who calls.

use std::sync::Arc;

use super::presented::Accepts;
use crate::audit::Refusals;
use crate::clock::Clock;
use crate::keys::authenticator::Authenticator;
use crate::session::cookie::Cookies;
use crate::session::people::People;

/// What extractors need of the server to tell who calls. Cheap to clone.
#[derive(Clone)]
pub struct Guard {
    /// Verifies keys.
    pub authenticator: Arc<Authenticator>,
    /// Where keys are taken from.
    pub accepts: Accepts,
    /// Knows sessions.
    pub people: People,
    /// Where a session is taken from.
    pub cookies: Arc<Cookies>,
    /// The time.
    pub clock: Clock,
    /// Records refusals.
    pub refusals: Refusals,
}
