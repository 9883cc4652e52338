//! What every request that presents a key goes through:
//!
//! 1. What cannot be one key, or is no good key: 401, the same for every reason.
//! 2. An address from which too many of those came, and not long ago no good key: 429, before
//!    the key is looked at, so that guessing gets no more answers than one a second.
//! 3. Such an address from which a good key came not long ago: 429 instead of the 401, after
//!    the key was looked at, so that good keys from there still work beside those who guess.
//!    Never by the presented key, so that nobody can block the key of somebody else. A missing
//!    key is no attempt.
//! 4. A good key that is not accepted from this address: 403.
//! 5. A good key that is used too often: 429.
//!
//! Requests of which no address is known share one allowance. While this server has no lease,
//! nothing is looked at and nothing counted: the answer says so (503).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::token;

pub use super::standing::BURST;
use super::standing::{Standing, TableSlot};
use super::traffic::Traffic;
use super::verification::Verification;
use super::verifier::Verifier;
use crate::access::presented::{HeaderError, Presented};
use crate::replicas::Servers;

/// Verifies presented keys, and counts the failures of each address.
pub struct Authenticator {
    verifier: Verifier,
    standing: Standing,
    traffic: Arc<Traffic>,
}

impl Authenticator {
    /// One of so many servers.
    pub fn new(verifier: Verifier, traffic: Arc<Traffic>, servers: Servers) -> Self {
        Self { verifier, standing: Standing::new(servers), traffic }
    }

    /// Counts what became of a presented key in the end, when scopes were looked at too.
    pub fn answered(&self, verification: &Verification) {
        self.traffic.count(verification);
    }

    /// Verifies without counting failures: for those who ask about the key of another.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What becomes of this key, presented from this address, if it is known. `now` is the
    /// clock's monotonic time.
    pub fn authenticate(
        &self,
        presented: Result<&Presented<'_>, HeaderError>,
        address: Option<IpAddr>,
        now: Duration,
    ) -> Verification {
        if matches!(presented, Err(HeaderError::Missing)) {
            return Verification::Missing;
        }
        if !self.verifier.is_leased() {
            return Verification::NoLease;
        }
        let from = self.standing.place(address);
        let is_known = self.standing.is_known(from, now);
        // Counted as a failure before it is one: what succeeds makes the address known.
        if !is_known && let Some(throttled) = self.count(from, now) {
            return throttled;
        }
        let verification = match presented {
            Ok(presented) => self.verifier.verify(presented, address),
            Err(_) => Verification::Malformed,
        };
        if let Ok(presented) = presented {
            log_refusal(presented, address, &verification);
        }
        if verification.is_of_good_key() {
            self.standing.remember(from, now);
            verification
        } else if is_known && !matches!(verification, Verification::NoLease) {
            // Rule 3; the others were counted.
            self.count(from, now).unwrap_or(verification)
        } else {
            verification
        }
    }

    /// Counts a failure; the answer, when there were too many.
    fn count(&self, from: TableSlot, now: Duration) -> Option<Verification> {
        self.standing.fail(from, now).err().map(Verification::Throttled)
    }
}

fn log_refusal(presented: &str, address: Option<IpAddr>, verification: &Verification) {
    match verification {
        Verification::Accepted(_) | Verification::RateLimited(..) | Verification::NoLease => (),
        Verification::Unknown => {
            tracing::debug!(shape = ?token::shape(presented), "key refused: unknown");
        }
        refused => {
            let key_id = refused.key().map(|key| &*key.id);
            tracing::debug!(key_id, ?address, "key refused: {}", refused.label());
        }
    }
}
