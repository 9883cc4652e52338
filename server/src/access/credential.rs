//! What a request is authenticated by.

use std::net::IpAddr;

use http::HeaderMap;
use keyward_api::scopes::Scopes;
use keyward_core::digest::KeyDigest;

use super::authority::Authority;
use super::guard::Guard;
use super::presented::{HeaderError, presented};
use crate::audit::{Actor, Origin};
use crate::http::error::Error;
use crate::keys::verification::Caller;

/// What became of a kind of credential that a request may carry.
pub enum Credential {
    /// The request does not carry it: another kind may be looked at.
    NotPresented,
    /// It is not good: no other kind is looked at.
    Refused(Error),
    /// It is good: who it belongs to, and the scopes of the key.
    Accepted(Actor, Scopes),
}

impl Credential {
    /// The key that a request carries, from this address.
    pub fn key(
        guard: &Guard,
        headers: &HeaderMap,
        origin: Origin,
        address: Option<IpAddr>,
    ) -> Self {
        let presented = presented(headers, guard.accepts);
        if matches!(presented, Err(HeaderError::Missing)) {
            return Self::NotPresented;
        }
        let presented = presented.as_ref().map_err(|error| *error);
        let now = guard.clock.monotonic();
        let verification = guard.authenticator.authenticate(presented, address, now);
        guard.authenticator.answered(&verification);
        let digest = presented.ok().map(|presented| KeyDigest::of(presented));
        let caller = Caller::try_from(verification);
        match caller.and_then(|caller| Ok((caller, digest.ok_or(Error::Unauthenticated)?))) {
            Ok((caller, digest)) => Self::of(&caller, digest, origin, address),
            Err(error) => Self::Refused(error),
        }
    }

    fn of(caller: &Caller, digest: KeyDigest, origin: Origin, address: Option<IpAddr>) -> Self {
        let manages = caller.key.manages;
        let caller = match caller.key.identity.caller() {
            Ok(caller) => caller,
            Err(error) => {
                let detail = format!("the identity of a key cannot be read: {error}");
                return Self::Refused(Error::Internal(detail));
            }
        };
        let scopes = if manages { caller.scopes } else { caller.scopes.without_management() };
        let id = caller.key_id.clone();
        let actor = Actor::key(&caller.key_id, &caller.name, origin);
        let authority = Authority::Key { id, digest, scopes: scopes.clone(), address };
        Self::Accepted(actor.authorised_by(authority), scopes)
    }
}
