//! Which keys may be accepted, by what this machine has seen: rule 4.
//!
//! The database says that a key is there and enabled; the watermark, that it was revoked or
//! disabled. Where the stored keys are proved to go on from what was seen, it is Keyward itself that
//! enabled the key; in all other cases the watermark is believed.

use keyward_core::digest::KeyDigest;
use keyward_core::watermark::Mark;

use super::keeper::Watermark;
use super::known::{Barred, Trust};

/// A key as the database says it is: its digest, and that of the one it replaced.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub current: KeyDigest,
    pub former: Option<KeyDigest>,
    pub is_enabled: bool,
}

/// What of a key may be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    pub current: Result<(), Barred>,
    pub former: bool,
}

impl Watermark {
    /// Whether a key may be accepted; takes what is new of it.
    pub fn admit(&self, claim: &Claim) -> Admitted {
        if !self.is_kept() {
            return Admitted { current: Ok(()), former: true };
        }
        let mut known = self.known();
        let current = known.admit(claim.current, claim.is_enabled);
        let former = claim.former.is_none_or(|it| known.admit(it, claim.is_enabled).is_ok());
        Admitted { current, former }
    }

    /// Whether the key with this digest came back and is refused.
    pub fn refuses(&self, digest: &KeyDigest) -> bool {
        self.known().refused.contains(digest)
    }

    /// The next keys are those that were changed since the stored ones were known last.
    pub fn trust_changes(&self, are_changes: bool) {
        let mut known = self.known();
        known.trust = match (known.trust, are_changes) {
            (Trust::None, _) => Trust::None,
            (_, true) => Trust::Changed,
            (_, false) => Trust::Continued,
        };
    }

    /// The keys with these digests were accepted until now; `stays` says which are still. A store
    /// that is not where it was seen lacks keys that nobody revoked: the right one may come back.
    pub fn note_gone(
        &self,
        before: impl IntoIterator<Item = KeyDigest>,
        stays: impl Fn(&KeyDigest) -> bool,
    ) {
        if self.known().is_elsewhere {
            return;
        }
        self.note(before.into_iter().filter(|digest| !stays(digest)).map(Mark::Revoked));
    }
}
