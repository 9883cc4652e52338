use super::*;

fn at(actor: &Actor, address: &str, distinct: &str) -> (Who, Group) {
    let origin = Origin { request_id: None, address: address.parse().ok() };
    let actor = Actor { origin, ..actor.clone() };
    Group::of(&actor.was_refused(Action::SessionCreate, None), distinct)
}

fn nobody(address: u8, distinct: &str) -> (Who, Group) {
    at(&Actor::anonymous(Origin::default()), &format!("192.0.2.{address}"), distinct)
}

impl Minute {
    fn takes(&mut self, (who, group): (Who, Group)) -> bool {
        self.take(who, group)
    }

    fn details(&self) -> Vec<(String, Option<IpAddr>, String)> {
        let detail = |event: Event| {
            let Actor { name, origin, .. } = event.actor;
            (name, origin.address, event.detail.unwrap_or_default())
        };
        let mut details: Vec<_> = self.events().into_iter().map(detail).collect();
        details.sort();
        details
    }
}

#[test]
fn the_first_of_a_kind_is_recorded_and_the_others_are_counted() {
    let mut minute = Minute::default();
    assert!(minute.takes(nobody(1, "")));
    assert!(minute.takes(nobody(2, "")));
    assert!(minute.takes(nobody(1, "another account")));
    assert!(minute.events().is_empty());
    assert!(!minute.takes(nobody(1, "")));
    assert!(!minute.takes(nobody(1, "")));
    let address = nobody(1, "").1.address;
    let expected = ("anonymous".to_owned(), address, "2 more within a minute".to_owned());
    assert_eq!(minute.details(), [expected]);
}

#[test]
fn a_flood_of_kinds_from_one_address_hides_nobody_else() {
    let mut minute = Minute::default();
    let taken = (0..1_000).filter(|n| minute.takes(nobody(1, &n.to_string()))).count();
    assert_eq!(taken, GROUPS);
    assert!(minute.takes(nobody(2, "")), "another address");
    let key = Actor::key("id", "ci", Origin::default());
    assert!(minute.takes(at(&key, "192.0.2.1", "")), "another actor at the same address");
    let rest = "984 more within a minute, of many kinds".to_owned();
    let expected = ("anonymous".to_owned(), nobody(1, "").1.address, rest);
    assert_eq!(minute.details(), [expected], "one entry, with actor and address");
}

#[test]
fn a_flood_of_addresses_is_one_entry_of_the_actor_who_has_them() {
    let mut minute = Minute::default();
    let key = Actor::key("id", "ci", Origin::default());
    let taken = (0..=u8::MAX).filter(|n| minute.takes(nobody(*n, ""))).count();
    assert_eq!(taken, NETWORKS);
    assert!(minute.takes(at(&key, "192.0.2.255", "")));
    let rest = "192 more within a minute, from many addresses".to_owned();
    assert_eq!(minute.details(), [("anonymous".to_owned(), None, rest)]);
    // A subscriber with an IPv6 network has as many addresses as anybody wants.
    let mut minute = Minute::default();
    let v6 = |n: u32| at(&key, &format!("2001:db8::{n:x}"), "");
    assert_eq!((1..=1_000).filter(|n| minute.takes(v6(*n))).count(), GROUPS);
    assert!(minute.takes(at(&key, "2001:db8:0:1::1", "")));
    let rest = "984 more within a minute, of many kinds".to_owned();
    assert_eq!(minute.details(), [("ci".to_owned(), v6(1_000).1.address, rest)]);
}

#[test]
fn what_is_kept_is_bounded_however_many_there_are() {
    let mut minute = Minute::default();
    let mut taken = 0;
    for actor in 0..2_000 {
        let actor = Actor::key(&actor.to_string(), &format!("key {actor}"), Origin::default());
        taken += (0..20).filter(|n| minute.takes(at(&actor, "192.0.2.1", &n.to_string()))).count();
    }
    assert_eq!((taken, minute.groups, minute.actors.len()), (ALL_GROUPS, ALL_GROUPS, ACTORS));
    let all = minute.events().len();
    assert_eq!(all, ACTORS + 1, "one of each actor, and one of those without a place");
    minute.forget(&minute.clone());
    assert_eq!((minute.groups, minute.actors.len(), minute.rest.is_none()), (0, 0, true));
}

#[test]
fn what_came_while_it_was_recorded_is_counted_on() {
    let mut minute = Minute::default();
    for n in 0..=GROUPS {
        minute.takes(nobody(1, &n.to_string()));
    }
    minute.takes(nobody(1, "0"));
    let recorded = minute.clone();
    minute.takes(nobody(1, "0"));
    minute.takes(nobody(1, "more"));
    minute.forget(&recorded);
    let details: Vec<_> = minute.details().into_iter().map(|(_, _, detail)| detail).collect();
    assert_eq!(details, ["1 more within a minute", "1 more within a minute, of many kinds"]);
    minute.forget(&minute.clone());
    assert!(minute.takes(nobody(1, "0")), "a new minute");
}

#[test]
fn debug_does_not_show_what_was_typed() {
    let mut minute = Minute::default();
    minute.takes(nobody(1, "planted"));
    assert!(!format!("{minute:?}").contains("planted"));
}
