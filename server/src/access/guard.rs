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
    pub authenticator: Arc<Authenticator>,
    pub accepts: Accepts,
    pub people: People,
    pub cookies: Arc<Cookies>,
    pub clock: Clock,
    pub refusals: Refusals,
}
