//! What somebody who manages keys may give. Threat: a program that may make keys makes one that can
//! do what it cannot, or takes over one that can.
//!
//! 1. An administrator, and the command line, give everything.
//! 2. An editor gives no scope that manages Keyward, and neither replaces nor widens a key that has
//!    one: a rotation shows the new key.
//! 3. A key reaches the keys whose names its scope covers, and never itself. What it makes, rotates
//!    or widens has only scopes that it holds itself, none that manages Keyward; it lasts no longer
//!    than the key, and is accepted from nowhere else.
//! 4. What takes something away and gives nothing (to delete, to disable, to end an overlap, fewer
//!    scopes, an earlier expiry, fewer networks) is refused for the reach alone.
//!
//! Pure; asked in the transaction of the change, with the rows as they are there.

use ipnet::IpNet;
use keyward_api::scopes::{KEYS_WRITE, Scopes, covers, is_management};
use keyward_core::digest::KeyDigest;
use keyward_core::networks;
use time::OffsetDateTime;

use super::error::KeyRefusal;
use super::row::{KeyJson, StoredKey};

pub enum Manager {
    Admin,
    Editor,
    Key(Holder),
}

/// A key that manages others, as it is stored now.
pub struct Holder {
    id: String,
    scopes: Scopes,
    expires_at: Option<OffsetDateTime>,
    networks: Vec<IpNet>,
}

impl Holder {
    /// The key as it is stored, presented as the text that hashes to this. One that was replaced
    /// lasts until the end of the overlap.
    pub fn presented(key: StoredKey, digest: &KeyDigest) -> Self {
        let scopes = key.opening_scopes();
        let StoredKey { record, networks, former, .. } = key;
        let is_former = former.as_ref() == Some(digest);
        let overlap = record.overlap.filter(|_| is_former).map(|overlap| overlap.ends_at);
        Self { id: record.id, scopes, expires_at: overlap.or(record.expires_at), networks }
    }
}

impl Manager {
    /// Rule 3: whether the key with this id and name is within reach.
    pub(super) fn reach(&self, id: &str, name: &str) -> Result<(), KeyRefusal> {
        match self {
            Self::Key(holder) if holder.id == id => Err(KeyRefusal::OwnKey),
            _ => self.reach_name(name),
        }
    }

    /// Rule 3: whether a key may be given this name.
    pub(super) fn reach_name(&self, name: &str) -> Result<(), KeyRefusal> {
        match self {
            Self::Key(holder) if !holder.scopes.open_for(&KEYS_WRITE, name) => {
                Err(KeyRefusal::NotCovered(name.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Whether this key may be made, or be shown to the caller by a rotation.
    pub(super) fn give(&self, key: &KeyJson) -> Result<(), KeyRefusal> {
        match self {
            Self::Editor if key.manages => Err(KeyRefusal::AdminOnly),
            Self::Admin | Self::Editor => Ok(()),
            Self::Key(holder) => holder.give(key),
        }
    }

    /// Whether one may be changed into the other.
    pub(super) fn change(
        &self,
        before: &KeyJson,
        after: &KeyJson,
        is_renamed: bool,
    ) -> Result<(), KeyRefusal> {
        if !is_renamed && is_no_wider(before, after) {
            return Ok(());
        }
        match self {
            Self::Editor if before.manages || after.manages => Err(KeyRefusal::AdminOnly),
            Self::Admin | Self::Editor => Ok(()),
            Self::Key(holder) => holder.hold(&before.scopes).and_then(|()| holder.give(after)),
        }
    }
}

impl Holder {
    fn hold(&self, scopes: &Scopes) -> Result<(), KeyRefusal> {
        let holds = |asked: &str| self.scopes.iter().any(|held| covers(held, asked));
        match scopes.iter().find(|scope| is_management(scope) || !holds(scope)) {
            Some(scope) => Err(KeyRefusal::ScopeNotHeld(scope.to_owned())),
            None => Ok(()),
        }
    }

    fn give(&self, key: &KeyJson) -> Result<(), KeyRefusal> {
        self.hold(&key.scopes)?;
        if !ends_by(self.expires_at, key.expires_at) {
            return Err(KeyRefusal::Outlives);
        }
        if !networks::within(&self.networks, &key.allowed_networks) {
            return Err(KeyRefusal::OtherNetworks);
        }
        Ok(())
    }
}

/// Rule 4.
pub(super) fn is_no_wider(before: &KeyJson, after: &KeyJson) -> bool {
    after.scopes.iter().all(|scope| before.scopes.iter().any(|held| held == scope))
        && (before.enabled || !after.enabled)
        && ends_by(before.expires_at, after.expires_at)
        && before.rate_limit == after.rate_limit
        && networks::within(&before.allowed_networks, &after.allowed_networks)
}

/// Whether what ends `at` has ended by `end`; none: never.
fn ends_by(end: Option<OffsetDateTime>, at: Option<OffsetDateTime>) -> bool {
    end.is_none_or(|end| at.is_some_and(|at| at <= end))
}

/// Whether a key opens routes that manage Keyward when its scopes become `after`. A scope that an
/// earlier version stored as the operator's own word opens none, until it is taken away and given.
/// To give another one beside it is refused: it would begin to open its routes unasked.
pub(super) fn manages(before: Option<&KeyJson>, after: &Scopes) -> Result<bool, KeyRefusal> {
    let has = |scope: &str| before.is_some_and(|key| key.scopes.iter().any(|held| held == scope));
    let managing = after.iter().filter(|scope| is_management(scope));
    if before.is_some_and(|key| key.manages) {
        return Ok(managing.count() > 0);
    }
    let (old, given): (Vec<_>, Vec<_>) = managing.partition(|scope| has(scope));
    match old.first() {
        Some(word) if !given.is_empty() => Err(KeyRefusal::OwnWord((*word).to_owned())),
        _ => Ok(!given.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use keyward_api::scopes::Scope;
    use time::macros::datetime;

    use super::*;
    use crate::keys::row::parse;

    fn scopes(texts: &[&str]) -> Scopes {
        let scopes = texts.iter().map(|text| Scope::new((*text).to_owned()).unwrap());
        Scopes::try_from(scopes.collect::<Vec<_>>()).unwrap()
    }

    fn key(texts: &[&str]) -> KeyJson {
        let hash = "0".repeat(64);
        let (mut key, _) = parse(&format!(r#"{{"key_prefix":"k","key_hash":"{hash}"}}"#)).unwrap();
        key.scopes = scopes(texts);
        key.manages = manages(None, &key.scopes).unwrap();
        key
    }

    fn holder(texts: &[&str]) -> Manager {
        let (scopes, networks) = (scopes(texts), Vec::new());
        Manager::Key(Holder { id: "own".to_owned(), scopes, expires_at: None, networks })
    }

    #[test]
    fn a_key_reaches_the_names_that_its_scope_covers_but_itself() {
        let narrowed = holder(&["keys:write:ci-*", "keys:write:one"]);
        for name in ["ci-", "ci-a", "one"] {
            assert!(narrowed.reach("other", name).is_ok(), "{name}");
            assert!(matches!(narrowed.reach("own", name), Err(KeyRefusal::OwnKey)));
        }
        for name in ["ci", "CI-a", "ones", "", "a ci-"] {
            assert!(
                matches!(narrowed.reach("other", name), Err(KeyRefusal::NotCovered(_))),
                "{name}"
            );
        }
        assert!(holder(&["keys:write"]).reach("other", "any name").is_ok());
        assert!(Manager::Editor.reach("own", "any name").is_ok());
    }

    #[test]
    fn an_editor_gives_no_management_and_takes_it_away() {
        let (managing, plain) = (key(&["keys:read", "a"]), key(&["a", "b"]));
        let refused = |done| matches!(done, Err(KeyRefusal::AdminOnly));
        assert!(refused(Manager::Editor.give(&managing)));
        assert!(Manager::Editor.give(&plain).is_ok() && Manager::Admin.give(&managing).is_ok());
        assert!(refused(Manager::Editor.change(&plain, &managing, false)));
        assert!(refused(Manager::Editor.change(&managing, &managing, true)));
        let disabled = KeyJson { enabled: false, ..managing.clone() };
        assert!(Manager::Editor.change(&managing, &disabled, false).is_ok());
        assert!(refused(Manager::Editor.change(&disabled, &managing, false)));
        assert!(Manager::Editor.change(&managing, &key(&["a"]), false).is_ok());
        let wider = KeyJson { scopes: scopes(&["keys:read", "a", "b"]), ..managing.clone() };
        assert!(refused(Manager::Editor.change(&managing, &wider, false)));
    }

    #[test]
    fn a_key_gives_no_more_than_it_has() {
        let holder = holder(&["keys:write", "secrets:read:A*", "a"]);
        for good in [&[][..], &["a"], &["secrets:read:AB"]] {
            assert!(holder.give(&key(good)).is_ok(), "{good:?}");
        }
        for (odd, named) in [
            (&["b"][..], "b"),
            (&["a", "secrets:read"], "secrets:read"),
            (&["keys:write:x"], "keys:write:x"),
            (&["audit:read"], "audit:read"),
        ] {
            let refused = holder.give(&key(odd));
            assert!(matches!(refused, Err(KeyRefusal::ScopeNotHeld(scope)) if scope == named));
            // Neither by a change to it, nor by a change of one that has it.
            assert!(holder.change(&key(&[]), &key(odd), false).is_err());
            assert!(holder.change(&key(odd), &key(odd), true).is_err());
            assert!(holder.change(&key(odd), &key(&["a"]), false).is_ok() == (odd[0] == "a"));
        }
    }

    #[test]
    fn a_key_makes_none_that_lasts_longer_or_comes_from_elsewhere() {
        let end = datetime!(2026-01-01 00:00 UTC);
        let networks = vec!["10.0.0.0/8".parse().unwrap()];
        let holder = Manager::Key(Holder {
            id: "own".to_owned(),
            scopes: scopes(&["keys:write"]),
            expires_at: Some(end),
            networks: networks.clone(),
        });
        let good = KeyJson { expires_at: Some(end), allowed_networks: networks, ..key(&[]) };
        assert!(holder.give(&good).is_ok());
        let longer = KeyJson { expires_at: None, ..good.clone() };
        assert!(matches!(holder.give(&longer), Err(KeyRefusal::Outlives)));
        assert!(matches!(holder.change(&good, &longer, false), Err(KeyRefusal::Outlives)));
        let elsewhere = KeyJson { allowed_networks: Vec::new(), ..good.clone() };
        assert!(matches!(holder.give(&elsewhere), Err(KeyRefusal::OtherNetworks)));
        assert!(holder.change(&elsewhere, &good, false).is_ok());
    }

    #[test]
    fn words_of_before_manage_nothing_until_they_are_given() {
        let before = KeyJson { manages: false, ..key(&["keys:write", "a"]) };
        let becomes = |before, after: &[&str]| manages(before, &scopes(after)).ok();
        assert_eq!(becomes(Some(&before), &["keys:write"]), Some(false));
        assert_eq!(becomes(Some(&before), &["keys:write", "a", "b"]), Some(false));
        // Not unasked, beside another one.
        assert_eq!(becomes(Some(&before), &["keys:write", "keys:read"]), None);
        assert_eq!(becomes(Some(&before), &["keys:read"]), Some(true));
        assert_eq!(becomes(None, &["keys:write:x"]), Some(true));
        assert_eq!(becomes(None, &["a"]), Some(false));
        let given = key(&["keys:write"]);
        assert_eq!(becomes(Some(&given), &["keys:write", "keys:read"]), Some(true));
        assert_eq!(becomes(Some(&given), &["a"]), Some(false));
        assert!(Manager::Editor.change(&before, &before, true).is_ok(), "a word is a word");
    }
}
