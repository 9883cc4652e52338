//! What every request that presents a key goes through, and what a refusal looks like from
//! outside.
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
//! Requests of which no address is known share one allowance.

use std::net::IpAddr;
use std::time::Duration;

pub use super::standing::BURST;
use super::standing::{Place, Standing};
use super::verify::{Caller, Judgement, Verifier};
use crate::access::api_key::{Presented, Refusal};
use crate::http::error::Error;
use crate::metrics::Outcome;
use keyward_core::token;

/// Judges presented keys, and counts the failures of each address.
pub struct Admission {
    verifier: Verifier,
    standing: Standing,
}

/// Why somebody was not let in: for the metrics, and for whoever asked.
pub type Denied = (Outcome, Error);

impl Admission {
    /// One that has seen no failure yet.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, standing: Standing::default() }
    }

    /// Judges a key without counting failures: for whoever asks about the key of another.
    pub fn judge(&self, presented: &str, address: Option<IpAddr>) -> Judgement {
        self.verifier.judge(presented, address)
    }

    /// Who presented this key, from this address, if it is known. `now` is the clock's
    /// monotonic time.
    pub fn admit(
        &self,
        presented: Result<Presented<'_>, Refusal>,
        address: Option<IpAddr>,
        now: Duration,
    ) -> Result<Caller, Denied> {
        if matches!(presented, Err(Refusal::Missing)) {
            return Err((Outcome::Missing, Error::Unauthenticated));
        }
        let from = self.standing.place(address);
        let is_known = self.standing.is_known(from, now);
        if !is_known {
            // Counted as a failure before anybody knows: what succeeds makes the address known.
            self.fail(from, now)?;
        }
        let refused = |outcome| {
            // Rule 3; the others were counted.
            let counted = if is_known { self.fail(from, now) } else { Ok(()) };
            Err(counted.err().unwrap_or((outcome, Error::Unauthenticated)))
        };
        let Ok(presented) = presented else { return refused(Outcome::Malformed) };
        let judgement = self.verifier.judge(&presented, address);
        log_refusal(&presented, address, &judgement);
        let denied = match judgement {
            Judgement::Unknown => return refused(Outcome::Unknown),
            Judgement::Disabled(_) => return refused(Outcome::Disabled),
            Judgement::Expired(_) => return refused(Outcome::Expired),
            Judgement::Good(caller) => Ok(caller),
            Judgement::Elsewhere(_) => Err((Outcome::AddressNotAllowed, Error::AddressNotAllowed)),
            Judgement::TooOften(_, allowance, wait) => {
                Err((Outcome::RateLimited, Error::RateLimited(allowance, wait)))
            }
        };
        // All three had a good key.
        self.standing.remember(from, now);
        denied
    }

    fn fail(&self, from: Place, now: Duration) -> Result<(), Denied> {
        let failed = self.standing.fail(from, now);
        failed.map_err(|wait| (Outcome::Throttled, Error::TooManyAttempts(wait)))
    }
}

fn log_refusal(presented: &str, address: Option<IpAddr>, judgement: &Judgement) {
    match judgement {
        Judgement::Unknown => {
            tracing::debug!(shape = ?token::shape(presented), "key refused: unknown");
        }
        Judgement::Disabled(key) => tracing::debug!(key_id = %key.id, "key refused: disabled"),
        Judgement::Expired(key) => tracing::debug!(key_id = %key.id, "key refused: expired"),
        Judgement::Elsewhere(key) => {
            tracing::debug!(key_id = %key.id, ?address, "key refused: not from there");
        }
        Judgement::Good(_) | Judgement::TooOften(..) => (),
    }
}
