//! Refusal aggregation. Refusals come in floods: somebody guesses passwords, or a program asks every
//! second for what it may not have. The first of a group in a minute is recorded at once; those
//! after it are counted, and recorded as one entry when the minute is over.
//!
//! Bounded for each by itself, so that nobody hides the refusals of another:
//!
//! 1. Of one actor from one network (an IPv4 address, an IPv6 /64), [`GROUPS`] groups are reported
//!    apart in a minute; the rest is one entry with the actor and the address it last came from.
//! 2. Of one actor, so many [`NETWORKS`]; those from others are one entry with the actor.
//! 3. So many [`ACTORS`], and so many groups of all of them [in all](ALL_GROUPS); beyond them,
//!    actors share one entry. Each has a credential of its own, but for nobody at all.
//!
//! A crash loses the counts of one minute, never a first refusal.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyward_api::audit::{Action, AuditActorKind};
use sha2::{Digest, Sha256};

use super::event::{Actor, Event, Origin};
use super::folded::more;
use super::log::AuditLog;
use crate::database::{DatabaseConnection, StoreError};

pub const INTERVAL: Duration = Duration::from_mins(1);

/// Groups of one actor and network that are distinguished in a minute.
const GROUPS: usize = 16;

/// Networks of one actor that are distinguished in a minute.
const NETWORKS: usize = 64;

const ACTORS: usize = 1_024;

/// Groups of all actors in a minute, some hundred bytes each.
const ALL_GROUPS: usize = 16_384;

type Who = (AuditActorKind, Option<String>, String);

/// What makes two refusals of one actor the same: all but the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    action: Action,
    target: Option<String>,
    address: Option<IpAddr>,
    /// The SHA-256 of what else tells them apart: it may be anything a person typed.
    discriminator: [u8; 32],
}

impl Group {
    fn of(event: &Event, discriminator: &str) -> (Who, Self) {
        let Event { actor, action, target, .. } = event;
        let who = (actor.kind, actor.id.clone(), actor.name.clone());
        let (action, target, address) = (*action, target.clone(), actor.origin.address);
        (who, Self { action, target, address, discriminator: Sha256::digest(discriminator).into() })
    }
}

/// What no longer had a place, and was last of this action and from this address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rest {
    count: u64,
    action: Action,
    address: Option<IpAddr>,
}

impl Rest {
    fn add(rest: &mut Option<Self>, group: &Group) {
        let count = rest.as_ref().map_or(0, |rest| rest.count) + 1;
        *rest = Some(Self { count, action: group.action, address: group.address });
    }

    fn forget(rest: &mut Option<Self>, recorded: Option<&Self>) {
        if let (Some(now), Some(recorded)) = (rest.as_mut(), recorded) {
            now.count -= recorded.count;
        }
        rest.take_if(|rest| rest.count == 0);
    }
}

/// Records refusals, or counts them. Cheap to clone.
#[derive(Clone)]
pub struct Refusals(Arc<Inner>);

struct Inner {
    log: AuditLog,
    db: DatabaseConnection,
    minute: Mutex<Minute>,
}

#[derive(Clone, Debug, Default)]
struct Minute {
    actors: HashMap<Who, Refused>,
    /// Of actors that no longer had a place.
    rest: Option<Rest>,
    groups: usize,
}

#[derive(Clone, Debug, Default)]
struct Refused {
    networks: HashMap<Option<IpAddr>, Network>,
    /// From networks that no longer had a place.
    rest: Option<Rest>,
}

/// What one actor was refused from one network.
#[derive(Clone, Debug, Default)]
struct Network {
    /// How many came after the first.
    groups: HashMap<Group, u64>,
    rest: Option<Rest>,
}

impl Refusals {
    pub fn new(log: AuditLog, db: DatabaseConnection) -> Self {
        Self(Arc::new(Inner { log, db, minute: Mutex::default() }))
    }

    /// Records a refusal, or counts it. Two refusals are of one group when actor, action, target,
    /// address and `discriminator` are equal. The discriminator is hashed and never stored.
    pub async fn record(&self, event: Event, discriminator: &str) -> Result<(), StoreError> {
        let (who, group) = Group::of(&event, discriminator);
        if !self.lock().take(who.clone(), group.clone()) {
            return Ok(());
        }
        let recorded = self.0.log.record(&self.0.db, event).await;
        if recorded.is_err() {
            // Not recorded yet, so it is one of those to come.
            self.lock().take(who, group);
        }
        recorded
    }

    /// Records what was counted and begins a new minute. What cannot be recorded, or not in
    /// time, is counted on.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let counted = self.lock().clone();
        let events = counted.events();
        if !events.is_empty() {
            self.0.log.record_all(&self.0.db, events).await?;
        }
        self.lock().forget(&counted);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Minute> {
        self.0.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    /// Whether it is the first of its kind.
    fn take(&mut self, who: Who, group: Group) -> bool {
        let has_place = self.actors.len() < ACTORS;
        let refused = match self.actors.entry(who) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) if has_place => new.insert(Refused::default()),
            Entry::Vacant(_) => {
                Rest::add(&mut self.rest, &group);
                return false;
            }
        };
        let has_place = refused.networks.len() < NETWORKS;
        let network = match refused.networks.entry(group.address.map(network)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) if has_place => new.insert(Network::default()),
            Entry::Vacant(_) => {
                Rest::add(&mut refused.rest, &group);
                return false;
            }
        };
        if let Some(more) = network.groups.get_mut(&group) {
            *more += 1;
            return false;
        }
        if network.groups.len() >= GROUPS || self.groups >= ALL_GROUPS {
            Rest::add(&mut network.rest, &group);
            return false;
        }
        self.groups += 1;
        network.groups.insert(group, 0);
        true
    }

    /// Takes away what was recorded; what came since then stays.
    fn forget(&mut self, recorded: &Self) {
        let none = Refused::default();
        for (who, refused) in &mut self.actors {
            refused.forget(recorded.actors.get(who).unwrap_or(&none));
        }
        self.actors.retain(|_, refused| !refused.is_empty());
        Rest::forget(&mut self.rest, recorded.rest.as_ref());
        let networks = self.actors.values().flat_map(|refused| refused.networks.values());
        self.groups = networks.map(|network| network.groups.len()).sum();
    }

    fn events(&self) -> Vec<Event> {
        let mut events: Vec<Event> =
            self.actors.iter().flat_map(|(who, refused)| refused.events(who)).collect();
        events.extend(self.rest.as_ref().map(|rest| {
            let nobody = Actor::anonymous(Origin::default());
            reported(&nobody, rest.action, None, format!("{}, by many actors", more(rest.count)))
        }));
        events
    }
}

impl Refused {
    fn forget(&mut self, recorded: &Self) {
        for (address, network) in &mut self.networks {
            let Some(recorded) = recorded.networks.get(address) else { continue };
            network.groups.retain(|group, count| match recorded.groups.get(group) {
                Some(recorded) => {
                    *count -= recorded;
                    *count > 0
                }
                None => true,
            });
            Rest::forget(&mut network.rest, recorded.rest.as_ref());
        }
        self.networks.retain(|_, it| !it.groups.is_empty() || it.rest.is_some());
        Rest::forget(&mut self.rest, recorded.rest.as_ref());
    }

    fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.rest.is_none()
    }

    fn events(&self, who: &Who) -> Vec<Event> {
        let actor = |address| {
            let (kind, id, name) = who.clone();
            let origin = Origin { request_id: None, address };
            Actor { kind, id, name, role: None, origin, authority: None }
        };
        let mut events = Vec::new();
        for network in self.networks.values() {
            for (group, count) in network.groups.iter().filter(|(_, count)| **count > 0) {
                let Group { action, target, address, .. } = group;
                events.push(reported(&actor(*address), *action, target.clone(), more(*count)));
            }
            events.extend(network.rest.as_ref().map(|rest| {
                let detail = format!("{}, of many kinds", more(rest.count));
                reported(&actor(rest.address), rest.action, None, detail)
            }));
        }
        events.extend(self.rest.as_ref().map(|rest| {
            let detail = format!("{}, from many addresses", more(rest.count));
            reported(&actor(None), rest.action, None, detail)
        }));
        events
    }
}

fn reported(actor: &Actor, action: Action, target: Option<String>, detail: String) -> Event {
    actor.was_refused(action, target).with_detail(detail)
}

/// What one subscriber of a network has: an IPv4 address, or an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
