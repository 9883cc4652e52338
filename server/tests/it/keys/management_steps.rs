//! Random changes by random holders of keys, and by people: nobody gains what they did not have. Each
//! change that is made is judged by what keys open, prove, last and come from, not by the rules by
//! which the server decided.
//!
//! On one database: the rules are the same for both, and `management` shows them on both.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use keyward::access::authority::Authority;
use keyward::audit::{Actor, Origin};
use keyward::keys::Registry;
use keyward::keys::error::KeyError;
use keyward::keys::new_key::{KeyChange, NewKey};
use keyward::keys::row::StoredKey;
use keyward::keys::store;
use keyward_api::keys::KeyName;
use keyward_api::roles::Role;
use keyward_api::scopes::{
    AUDIT_READ, KEYS_READ, KEYS_WRITE, KnownScope, PROVIDERS_RESOLVE, PROVIDERS_WRITE,
    SECRETS_READ, Scope, Scopes, grants,
};
use keyward_core::networks;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use time::OffsetDateTime;

use crate::support::{App, Backend};

const STEPS: usize = 10_000;
const SEED: &str = "KEYWARD_TEST_SEED";

const SCOPES: [&str; 16] = [
    "a:b",
    "a:b",
    "a:c",
    "a:*",
    "secrets:*",
    "secrets:read",
    "secrets:read:GITHUB_*",
    "secrets:read:GITHUB_A",
    "providers:resolve",
    "providers:resolve:open*",
    "keys:*",
    "keys:read",
    "keys:write",
    "keys:write:ci-*",
    "providers:write",
    "audit:read",
];
const WORDS: [&str; 4] = ["a:d", "keys:verify", "secrets:write", "providers:resolve:openai"];
const OPENED: [(KnownScope, &str); 9] = [
    (SECRETS_READ, "GITHUB_A"),
    (SECRETS_READ, "OTHER"),
    (PROVIDERS_RESOLVE, "openai"),
    (PROVIDERS_RESOLVE, "anthropic"),
    (PROVIDERS_WRITE, ""),
    (KEYS_READ, ""),
    (KEYS_WRITE, "ci-1"),
    (KEYS_WRITE, "prod-1"),
    (AUDIT_READ, ""),
];
const NETWORKS: [&[&str]; 5] =
    [&[], &[], &["10.0.0.0/8"], &["10.1.0.0/16", "192.0.2.1"], &["0.0.0.0/0"]];
const ADDRESSES: [&str; 5] = ["10.1.0.1", "10.2.0.1", "192.0.2.1", "203.0.113.1", "::1"];

/// All that somebody with the key can do: open, prove, and from where.
fn rights(key: &StoredKey) -> BTreeSet<String> {
    let opening = key.opening_scopes();
    let opens = OPENED.iter().filter(|(known, name)| opening.open_for(known, name));
    let opens = opens.map(|(known, name)| format!("opens {} for {name}", known.text));
    let proves = SCOPES.iter().chain(&WORDS).filter(|word| {
        let mut held = key.record.scopes.iter();
        held.any(|held| grants(held, word))
    });
    let proves = proves.map(|word| format!("proves {word}"));
    let from = ADDRESSES
        .iter()
        .filter(|address| networks::allow(&key.networks, Some(address.parse().unwrap())));
    opens.chain(proves).chain(from.map(|address| format!("comes from {address}"))).collect()
}

/// Whether the key manages anything, by its rights or by its words.
fn is_managing(key: &StoredKey) -> bool {
    key.manages || key.record.scopes.without_management() != key.record.scopes
}

/// Whether somebody with the key `one` can do all that somebody with the other can, as long.
fn has_all_of(one: &StoredKey, other: &StoredKey) -> bool {
    let (end, other_end) = (one.record.expires_at, other.record.expires_at);
    rights(other).is_subset(&rights(one))
        && end.is_none_or(|end| other_end.is_some_and(|other| other <= end))
}

enum By {
    Admin,
    Editor,
    Key(Box<StoredKey>),
}

impl By {
    fn actor(&self) -> Actor {
        match self {
            Self::Admin => Actor::command_line(),
            Self::Editor => {
                Actor::user(1, "e@example.com", Origin::default()).with_role(Role::Editor)
            }
            Self::Key(key) => {
                let mut from = ADDRESSES.iter().map(|text| text.parse::<IpAddr>().unwrap());
                let address = from.find(|address| networks::allow(&key.networks, Some(*address)));
                let (id, digest, scopes) =
                    (key.record.id.clone(), key.digest, key.opening_scopes());
                let authority = Authority::Key { id, digest, scopes, address };
                let actor = Actor::key(&key.record.id, &key.record.name, Origin::default());
                actor.authorised_by(authority)
            }
        }
    }

    /// Why this must not have been done: what was there before, and what is there now.
    fn objection(&self, before: Option<&StoredKey>, after: Option<&StoredKey>) -> Option<&str> {
        let gains = after.is_some_and(|after| before.is_none_or(|before| is_gain(before, after)));
        match self {
            Self::Admin => None,
            Self::Editor => {
                let is_managing = [before, after].into_iter().flatten().any(|key| key.manages);
                (gains && is_managing).then_some("an editor gave management")
            }
            Self::Key(own) => {
                let (id, opening) = (&own.record.id, own.opening_scopes());
                let mut names = [before, after].into_iter().flatten().map(|key| &key.record);
                if names.clone().any(|record| record.id == *id) {
                    Some("a key managed itself")
                } else if names.any(|record| !opening.open_for(&KEYS_WRITE, &record.name)) {
                    Some("a key managed a name beyond its scope")
                } else if !own.record.enabled {
                    Some("a disabled key did something")
                } else if !gains {
                    None
                } else if [before, after].into_iter().flatten().any(is_managing) {
                    Some("a key gave management, or took it over")
                } else if after.is_some_and(|after| !has_all_of(own, after)) {
                    Some("a key gave more than it has")
                } else {
                    None
                }
            }
        }
    }
}

/// Whether somebody can do more with a key than before, or has the text of it who had not.
fn is_gain(before: &StoredKey, after: &StoredKey) -> bool {
    !has_all_of(before, after)
        || before.digest != after.digest
        || before.record.name != after.record.name
        || (after.record.enabled && !before.record.enabled)
}

struct Draw {
    rng: StdRng,
    now: OffsetDateTime,
    /// The key that asks: half of what is drawn is a part of what it has, so that much is allowed.
    own: Option<Box<StoredKey>>,
}

impl Draw {
    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        all.choose(&mut self.rng).unwrap()
    }

    fn own(&mut self) -> Option<Box<StoredKey>> {
        let own = self.own.clone();
        own.filter(|_| self.chance(60))
    }

    fn name(&mut self) -> KeyName {
        let beginning = *self.one_of(&["ci-", "ci-", "prod-"]);
        KeyName::try_from(format!("{beginning}{}", self.rng.random_range(0..40))).unwrap()
    }

    fn scopes(&mut self) -> Scopes {
        if let Some(own) = self.own() {
            let mut held: Vec<Scope> = own.record.scopes.without_management().into();
            held.retain(|_| self.chance(70));
            return Scopes::try_from(held).unwrap();
        }
        let number = self.rng.random_range(0..4);
        let scopes = (0..number).map(|_| Scope::new((*self.one_of(&SCOPES)).to_owned()).unwrap());
        Scopes::try_from(scopes.collect::<Vec<_>>()).unwrap()
    }

    fn expiry(&mut self) -> Option<OffsetDateTime> {
        if let Some(own) = self.own() {
            return own.record.expires_at;
        }
        let days = *self.one_of(&[0, 0, 10, 20, 30]);
        (days > 0).then(|| self.now + Duration::from_hours(24 * days))
    }

    fn networks(&mut self) -> Vec<IpNet> {
        if let Some(own) = self.own() {
            return own.networks;
        }
        let texts: Vec<_> = self.one_of(&NETWORKS).iter().map(|text| (*text).to_owned()).collect();
        networks::parse(&texts).unwrap()
    }

    fn new_key(&mut self) -> NewKey {
        let (name, scopes) = (self.name(), self.scopes());
        let (expires_at, networks) = (self.expiry(), self.networks());
        NewKey { name, scopes, expires_at, rate_limit: None, networks }
    }

    fn change(&mut self) -> KeyChange {
        KeyChange {
            name: self.chance(20).then(|| self.name()),
            scopes: self.chance(40).then(|| self.scopes()),
            expires_at: self.chance(30).then(|| self.expiry()),
            enabled: if self.chance(40) { Some(self.chance(60)) } else { None },
            rate_limit: None,
            networks: self.chance(30).then(|| self.networks()),
        }
    }

    fn by(&mut self, all: &BTreeMap<String, StoredKey>) -> By {
        let managing: Vec<_> = all.values().filter(|key| key.manages).collect();
        let every: Vec<_> = all.values().collect();
        let key = |key: &&StoredKey| By::Key(Box::new((*key).clone()));
        match self.rng.random_range(0..100) {
            0..15 => By::Admin,
            15..25 => By::Editor,
            25..85 if !managing.is_empty() => key(self.one_of(&managing)),
            _ if !every.is_empty() => key(self.one_of(&every)),
            _ => By::Admin,
        }
    }
}

/// Does something; the id of the key that it was about.
async fn step(
    draw: &mut Draw,
    keys: &Registry,
    by: &By,
    target: Option<String>,
) -> (&'static str, Result<String, KeyError>) {
    let actor = by.actor();
    let Some(target) = target.filter(|_| draw.chance(65)) else {
        let made = keys.create(draw.new_key(), &actor).await;
        return ("create", made.map(|(record, _)| record.id));
    };
    let id = target.clone();
    let (what, done) = match draw.rng.random_range(0..100) {
        0..60 => ("update", keys.update(id, draw.change(), &actor).await.map(drop)),
        60..75 => {
            let grace = Duration::from_secs(draw.rng.random_range(0..3));
            ("rotate", keys.rotate(id, grace, &actor).await.map(drop))
        }
        75..85 => ("end_overlap", keys.end_overlap(id, &actor).await.map(drop)),
        _ => ("delete", keys.delete(id, &actor).await.map(drop)),
    };
    (what, done.map(|()| target))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gains_by_managing_keys() {
    let seed = env::var(SEED).map_or_else(|_| rand::random(), |text| text.parse().unwrap());
    let app = App::start(Backend::Sqlite).await;
    let keys = &app.state.keys;
    let mut draw = Draw { rng: StdRng::seed_from_u64(seed), now: app.clock.now(), own: None };
    let mut all: BTreeMap<String, StoredKey> = BTreeMap::new();
    let mut done_by_keys: BTreeMap<&str, usize> = BTreeMap::new();
    let get = async |id: &str| {
        let found = store::get(&app.state.db, &app.state.rows, id).await.unwrap();
        found.map(|key| key.unwrap())
    };
    for n in 0..STEPS {
        let by = draw.by(&all);
        draw.own = match &by {
            By::Key(key) => Some(key.clone()),
            By::Admin | By::Editor => None,
        };
        let ids: Vec<_> = all.keys().cloned().collect();
        let target = (!ids.is_empty()).then(|| draw.one_of(&ids).clone());
        let (what, done) = step(&mut draw, keys, &by, target.clone()).await;
        let who = by.actor().name;
        let at = format!("step {n} of {SEED}={seed}: {what} by {who}");
        if let Ok(id) = done {
            let (before, after) = (all.remove(&id), get(&id).await);
            let is_same = before.as_ref().zip(after.as_ref()).is_some_and(|(before, after)| {
                before.record == after.record && before.digest == after.digest
            });
            // To ask for no change is nothing that a credential must be good for at the end.
            let objection = by.objection(before.as_ref(), after.as_ref());
            let objection = objection.filter(|_| !is_same);
            assert_eq!(objection, None, "{at}: {before:#?} -> {after:#?}");
            if matches!(by, By::Key(_)) {
                *done_by_keys.entry(what).or_default() += 1;
            }
            all.extend(after.map(|after| (id, after)));
        } else {
            let Some(target) = target else { continue };
            let (before, after) = (&all[&target], get(&target).await.unwrap());
            assert_eq!(before.record, after.record, "{at}: refused, and changed");
            assert_eq!(before.digest, after.digest, "{at}: refused, and changed");
        }
        if all.len() > 30 {
            let id = draw.one_of(&ids).clone();
            if keys.delete(id.clone(), &Actor::command_line()).await.is_ok() {
                all.remove(&id);
            }
        }
    }
    // It would show nothing if keys could do nothing.
    for what in ["create", "update", "rotate", "end_overlap", "delete"] {
        assert!(done_by_keys.contains_key(what), "{SEED}={seed}: {done_by_keys:?}");
    }
}
