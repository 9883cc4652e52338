//! Lists and counts beside what a plain search through all records says.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_api::key_list::{KeyConcern, KeySort, KeyStatus};
use keyward_api::keys::{ApiKey, Overlap};
use keyward_api::scopes::{Scope, Scopes};
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

use super::search::Position;
use super::{KeyCounts, KeyFilter, KeyQuery, Listing};

const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

fn key(id: &str, name: &str) -> ApiKey {
    ApiKey {
        id: id.into(),
        name: name.into(),
        prefix: format!("kw_{id:>5}"),
        scopes: Scopes::default(),
        created_at: START,
        created_by: None,
        last_used_at: None,
        last_used_address: None,
        expires_at: None,
        enabled: true,
        rate_limit: None,
        allowed_networks: Vec::new(),
        overlap: None,
        unreadable: false,
        altered: false,
    }
}

fn listing(keys: &[ApiKey]) -> Listing {
    let listing = Listing::default();
    for key in keys {
        listing.put(&key.id.as_str().into(), key);
    }
    listing
}

fn query(filter: KeyFilter, sort: KeySort) -> KeyQuery {
    KeyQuery { filter, sort, after: None, limit: 1000 }
}

fn search(listing: &Listing, q: &str) -> Vec<String> {
    let filter = KeyFilter { q: Some(q.into()), ..KeyFilter::default() };
    let found = listing.find(&query(filter, KeySort::Oldest), START);
    assert_eq!(found.total, found.ids.len() as u64);
    found.ids.iter().map(ToString::to_string).collect()
}

#[test]
fn a_search_finds_a_part_of_the_name_in_any_case() {
    let names = ["Stra\u{df}e", "\u{3a3}\u{391}\u{3a3}", "50%_\\off", "other", "caf\u{c9}"];
    let ids = ["0", "1", "2", "3", "4"];
    let keys: Vec<_> = ids.iter().zip(names).map(|(id, name)| key(id, name)).collect();
    let listing = listing(&keys);
    for (q, id) in [
        ("STRASSE", "0"),
        ("stra\u{df}e", "0"),
        ("\u{3c3}\u{3b1}\u{3c2}", "1"),
        ("\u{3b1}\u{3c3}", "1"),
        ("%_\\O", "2"),
        ("THE", "3"),
        ("CAF\u{e9}", "4"),
    ] {
        assert_eq!(search(&listing, q), [id], "{q}");
    }
    for none in ["%", "_", "\\", "50%off", "r\0", "\0"] {
        let expected: &[&str] = if "50%_\\off".contains(none) { &["2"] } else { &[] };
        assert_eq!(search(&listing, none), expected, "{none}");
    }
}

#[test]
fn a_search_finds_the_beginning_of_a_prefix_and_a_whole_id() {
    let mut keys = [key("id-one", "a"), key("id-two", "b")];
    keys[0].prefix = "kw_AbCdE".into();
    keys[1].prefix = "kw_xxxxx".into();
    let ends_at = START + Duration::from_mins(1);
    keys[1].overlap = Some(Overlap { prefix: "kw_Older".into(), ends_at, last_used_at: None });
    let listing = listing(&keys);
    assert_eq!(search(&listing, "kw_abcde"), ["id-one"]);
    assert_eq!(search(&listing, "kw_A"), ["id-one"]);
    assert_eq!(search(&listing, "kw_older"), ["id-two"], "a replaced key is shown as well");
    assert_eq!(search(&listing, "kw_"), [""; 0], "the beginning of every key finds none");
    assert_eq!(search(&listing, "bCdE"), [""; 0]);
    assert_eq!(search(&listing, "ID-TWO"), ["id-two"]);
    assert_eq!(search(&listing, "id-"), [""; 0]);
}

#[test]
fn a_position_of_one_order_is_none_of_another() {
    let read = |json: &str| serde_json::from_str::<Position>(json).unwrap();
    let (time, name) = (read(r#"[5,"id"]"#), read(r#"["n","id"]"#));
    assert!(name.is_of(KeySort::Name) && !time.is_of(KeySort::Name));
    assert!(time.is_of(KeySort::Expiry) && !name.is_of(KeySort::Expiry));
    assert_eq!(serde_json::to_string(&time).unwrap(), r#"[5,"id"]"#);
}

#[test]
fn an_end_that_was_counted_stays_when_the_clock_is_set_back() {
    let mut ending = key("a", "a");
    ending.expires_at = Some(START + Duration::from_secs(1));
    let listing = listing(&[ending, key("b", "b")]);
    let one_of_each = KeyCounts { active: 1, expired: 1, ..KeyCounts::default() };
    assert_eq!(listing.counts(START).active, 2);
    assert_eq!(listing.counts(START + Duration::from_secs(1)), one_of_each);
    assert_eq!(listing.counts(START), one_of_each);
    listing.remove("a");
    assert_eq!(listing.counts(START), KeyCounts { active: 1, ..KeyCounts::default() });
}

/// What may happen to one of a few keys.
#[derive(Clone, Debug)]
enum Step {
    Put { id: u8, name: String, age: u8, end: Option<u8>, scope: bool, state: u8 },
    Remove(u8),
    Used(u8, u8),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u8>(), "[a-cA-C%\u{e4}\u{c4}]{0,3}", 0..4u8, proptest::option::of(any::<u8>()),
            any::<bool>(), 0..5u8).prop_map(|(id, name, age, end, scope, state)| {
                Step::Put { id, name, age, end, scope, state }
            }),
        3 => any::<u8>().prop_map(Step::Remove),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(id, at)| Step::Used(id, at)),
        1 => any::<u8>().prop_map(Step::Wait),
    ]
}

fn seconds(number: u8) -> Duration {
    Duration::from_secs(number.into())
}

/// The same on the listing and in a map of records.
fn apply(step: Step, listing: &Listing, model: &mut BTreeMap<String, ApiKey>) -> Duration {
    match step {
        Step::Put { id, name, age, end, scope, state } => {
            let mut key = key(&id.to_string(), &name);
            key.created_at = START - seconds(age);
            key.expires_at = end.map(|end| START + seconds(end));
            (key.enabled, key.unreadable) = (state != 0, state == 1);
            let ends_at = START + seconds(age) * 60;
            let overlap = Overlap { prefix: "kw_older".into(), ends_at, last_used_at: None };
            key.overlap = (state == 2).then_some(overlap);
            if scope {
                key.scopes = vec![Scope::try_from("a:b".to_owned()).unwrap()].try_into().unwrap();
            }
            listing.put(&key.id.as_str().into(), &key);
            model.insert(key.id.clone(), key);
        }
        Step::Remove(id) => {
            listing.remove(&id.to_string());
            model.remove(&id.to_string());
        }
        Step::Used(id, at) => {
            let at = START + seconds(at);
            listing.used(&id.to_string(), at);
            if let Some(key) = model.get_mut(&id.to_string()) {
                key.last_used_at = key.last_used_at.max(Some(at));
            }
        }
        Step::Wait(time) => return seconds(time),
    }
    Duration::ZERO
}

/// These keys are some minutes old, and have no scope that changes anything.
fn concerns(key: &ApiKey, concern: KeyConcern, now: OffsetDateTime) -> bool {
    KeyStatus::of(key, now) == KeyStatus::Active
        && match concern {
            KeyConcern::ExpiresSoon => key.expires_at.is_some(),
            KeyConcern::NeverExpires => key.expires_at.is_none(),
            KeyConcern::WritesForever | KeyConcern::Unused => false,
            KeyConcern::Overlapping => key.overlap.as_ref().is_some_and(|it| it.ends_at > now),
        }
}

/// By name as in the order of the list; enough for the letters of these tests.
fn ordered(mut keys: Vec<&ApiKey>, sort: KeySort) -> Vec<&str> {
    let never = OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT);
    let nanos = |at: OffsetDateTime| at.unix_timestamp_nanos();
    keys.sort_by_key(|key| {
        let number = match sort {
            KeySort::Name => 0,
            KeySort::Oldest => nanos(key.created_at),
            KeySort::Newest => -nanos(key.created_at),
            KeySort::LastUsed => key.last_used_at.map_or(i128::MAX, |at| -nanos(at)),
            KeySort::Expiry => nanos(key.expires_at.unwrap_or(never)),
        };
        let name = if sort == KeySort::Name { key.name.to_lowercase() } else { String::new() };
        (number, name, key.id.clone())
    });
    keys.into_iter().map(|key| key.id.as_str()).collect()
}

proptest! {
    #[test]
    fn pages_and_counts_are_those_of_a_plain_search(
        steps in proptest::collection::vec(step(), 0..600),
        q in proptest::option::of("[aBc%\u{c4}]{1,2}"),
        status in proptest::option::of(0..4usize),
        only in proptest::option::of(0..KeyConcern::ALL.len()),
        scope: bool,
        limit in 1..20usize,
    ) {
        let (listing, mut model, mut now) = (Listing::default(), BTreeMap::new(), START);
        for step in steps {
            now += apply(step, &listing, &mut model);
            // Also between the changes: ends that have come are counted there.
            let counts = listing.counts(now);
            prop_assert_eq!(
                counts.active
                    + counts.disabled
                    + counts.expired
                    + counts.unreadable
                    + counts.altered,
                model.len()
            );
        }
        let number = |status| model.values().filter(|key| KeyStatus::of(key, now) == status).count();
        let expected = KeyCounts {
            active: number(KeyStatus::Active),
            disabled: number(KeyStatus::Disabled),
            expired: number(KeyStatus::Expired),
            unreadable: number(KeyStatus::Unreadable),
            altered: number(KeyStatus::Altered),
        };
        prop_assert_eq!(listing.counts(now), expected);

        let status = status.map(|number| KeyStatus::ALL[number]);
        let wanted = scope.then(|| Scope::try_from("a:b".to_owned()).unwrap());
        let only = only.map(|number| KeyConcern::ALL[number]);
        let filter =
            KeyFilter { q: q.clone(), status, only, scope: wanted, ..KeyFilter::default() };
        let matching: Vec<&ApiKey> = model.values().filter(|key| {
            q.as_ref().is_none_or(|q| key.name.to_lowercase().contains(&q.to_lowercase()))
                && status.is_none_or(|status| KeyStatus::of(key, now) == status)
                && only.is_none_or(|only| concerns(key, only, now))
                && (!scope || key.scopes.iter().any(|held| held == "a:b"))
        }).collect();
        for sort in KeySort::ALL {
            let mut query = KeyQuery { limit, ..query(filter.clone(), sort) };
            let mut walked = Vec::new();
            loop {
                let page = listing.find(&query, now);
                prop_assert_eq!(page.total, matching.len() as u64);
                prop_assert!(page.ids.len() <= limit);
                walked.extend(page.ids);
                query.after = page.next;
                if query.after.is_none() { break }
            }
            let walked: Vec<&str> = walked.iter().map(|id| &**id).collect();
            prop_assert_eq!(walked, ordered(matching.clone(), sort));
        }
    }
}
