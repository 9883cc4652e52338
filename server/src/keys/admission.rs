//! What every request that presents a key goes through, and what a refusal looks like from
//! outside.
//!
//! 1. What cannot be one key, or is no good key: 401, the same for every reason.
//! 2. An address from which too many of those came: 429 instead of the 401. Never before the
//!    key was looked at, so that a good key from there still works; never by the presented
//!    key, so that nobody can block the key of somebody else. A missing key is no attempt.
//! 3. A good key that is not accepted from this address: 403.
//! 4. A good key that is used too often: 429.
//!
//! Requests of which no address is known share one allowance.

use std::net::IpAddr;
use std::time::Duration;

use super::networks::customer;
use super::token;
use super::verify::{Caller, Judgement, Verifier};
use crate::buckets::Buckets;
use crate::clock::Clock;
use crate::error::Error;
use crate::layers::api_key::Refusal;
use crate::metrics::Outcome;

/// This many failed presentations at once from an address, then one every [`PERIOD`].
pub const BURST: u32 = 100;
/// How long until one more is answered with 401.
pub const PERIOD: Duration = Duration::from_secs(1);

/// Judges presented keys, and counts the failures of each address.
pub struct Admission {
    verifier: Verifier,
    failures: Buckets,
}

/// Why somebody was not let in: for the metrics, and for whoever asked.
pub type Denied = (Outcome, Error);

impl Admission {
    /// One that has seen no failure yet.
    pub fn new(verifier: Verifier, clock: Clock) -> Self {
        Self { verifier, failures: Buckets::new(BURST, PERIOD, clock) }
    }

    /// Judges a key without counting failures: for whoever asks about the key of another.
    pub fn judge(&self, presented: &str, address: Option<IpAddr>) -> Judgement {
        self.verifier.judge(presented, address)
    }

    /// Who presented this key, from this address.
    pub fn admit(
        &self,
        presented: Result<&str, Refusal>,
        address: Option<IpAddr>,
    ) -> Result<Caller, Denied> {
        let presented = match presented {
            Ok(presented) => presented,
            Err(Refusal::Missing) => return Err((Outcome::Missing, Error::Unauthenticated)),
            Err(_) => return Err(self.failed(Outcome::Malformed, address)),
        };
        match self.verifier.judge(presented, address) {
            Judgement::Good(caller) => Ok(caller),
            Judgement::Unknown => {
                tracing::debug!(shape = ?token::shape(presented), "key refused: unknown");
                Err(self.failed(Outcome::Unknown, address))
            }
            Judgement::Disabled(key) => {
                tracing::debug!(key_id = %key.id, "key refused: disabled");
                Err(self.failed(Outcome::Disabled, address))
            }
            Judgement::Expired(key) => {
                tracing::debug!(key_id = %key.id, "key refused: expired");
                Err(self.failed(Outcome::Expired, address))
            }
            Judgement::Elsewhere(key) => {
                tracing::debug!(key_id = %key.id, ?address, "key refused: not from there");
                Err((Outcome::AddressNotAllowed, Error::AddressNotAllowed))
            }
            Judgement::TooOften(_, allowance, wait) => {
                Err((Outcome::RateLimited, Error::RateLimited(allowance, wait)))
            }
        }
    }

    fn failed(&self, outcome: Outcome, address: Option<IpAddr>) -> Denied {
        match self.failures.take(address.map(customer)) {
            Ok(()) => (outcome, Error::Unauthenticated),
            Err(wait) => (Outcome::Throttled, Error::TooManyAttempts(wait)),
        }
    }
}
