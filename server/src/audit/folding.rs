//! Refusals come in floods: somebody guesses passwords, or a program asks every second for
//! what it may not have. The first of a kind in a minute is recorded at once; those after it
//! are counted, and recorded as one entry when the minute is over.
//!
//! Bounded: at most [`KINDS`] kinds in a minute; the rest are counted together. A crash
//! loses the counts of one minute, never a first refusal.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyward_api::audit::AuditActorKind;
use sea_orm::{DatabaseConnection, DbErr};

use super::event::{Action, Actor, Event, Origin};
use super::log::AuditLog;

/// How often what was counted is recorded.
pub const INTERVAL: Duration = Duration::from_mins(1);

/// Kinds of refusals that are told apart in a minute.
const KINDS: usize = 256;

/// What makes two refusals the same: all but the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    actor: (AuditActorKind, Option<String>, String),
    action: Action,
    target: Option<String>,
    address: Option<std::net::IpAddr>,
    distinct: String,
}

impl Kind {
    fn of(event: &Event, distinct: &str) -> Self {
        let Event { actor, action, target, .. } = event;
        Self {
            actor: (actor.kind, actor.id.clone(), actor.name.clone()),
            action: *action,
            target: target.clone(),
            address: actor.origin.address,
            distinct: distinct.to_owned(),
        }
    }

    fn refused(&self) -> Event {
        let (kind, id, name) = self.actor.clone();
        let origin = Origin { request_id: None, address: self.address };
        Actor { kind, id, name, origin }.was_refused(self.action, self.target.clone())
    }
}

/// Refusals of this minute.
#[derive(Debug, Default)]
pub struct Folding {
    minute: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    /// How many came after the first.
    kinds: HashMap<Kind, u64>,
    /// Those that no longer had a place.
    rest: u64,
}

impl Folding {
    /// Records a refusal, or counts it. Refusals are of one kind when their `distinct`, which
    /// is not recorded, is the same as well.
    pub async fn refuse(
        &self,
        log: &AuditLog,
        db: &DatabaseConnection,
        event: Event,
        distinct: &str,
    ) -> Result<(), DbErr> {
        let is_first = self.lock().take(&event, distinct);
        if is_first { log.record(db, event).await } else { Ok(()) }
    }

    /// Records what was counted and begins a new minute. What cannot be recorded is counted
    /// on.
    pub async fn flush(&self, log: &AuditLog, db: &DatabaseConnection) -> Result<(), DbErr> {
        let counted = mem::take(&mut *self.lock());
        let events = counted.events();
        if events.is_empty() {
            return Ok(());
        }
        let recorded = log.record_all(db, events).await;
        if recorded.is_err() {
            self.lock().add(counted);
        }
        recorded
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    /// Whether it is the first of its kind.
    fn take(&mut self, event: &Event, distinct: &str) -> bool {
        let kind = Kind::of(event, distinct);
        if let Some(more) = self.kinds.get_mut(&kind) {
            *more += 1;
            return false;
        }
        if self.kinds.len() >= KINDS {
            self.rest += 1;
            return false;
        }
        self.kinds.insert(kind, 0);
        true
    }

    fn add(&mut self, earlier: Self) {
        self.rest += earlier.rest;
        for (kind, count) in earlier.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
    }

    fn events(&self) -> Vec<Event> {
        let more = |count: u64| format!("{count} more within a minute");
        let counted = self.kinds.iter().filter(|(_, count)| **count > 0);
        let mut events: Vec<Event> =
            counted.map(|(kind, count)| kind.refused().with_detail(more(*count))).collect();
        if self.rest > 0 {
            let actor = Actor::anonymous(Origin::default());
            let event = actor.was_refused(Action::SessionCreate, None);
            events.push(event.with_detail(format!("{}, of many kinds", more(self.rest))));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: u8) -> Event {
        let address = Some([192, 0, 2, address].into());
        let actor = Actor::anonymous(Origin { request_id: None, address });
        actor.was_refused(Action::SessionCreate, None)
    }

    #[test]
    fn the_first_of_a_kind_is_recorded_and_the_others_are_counted() {
        let mut minute = Minute::default();
        assert!(minute.take(&refusal(1), ""));
        assert!(minute.take(&refusal(2), ""));
        assert!(minute.events().is_empty());
        assert!(!minute.take(&refusal(1), ""));
        assert!(!minute.take(&refusal(1), ""));
        assert!(minute.take(&refusal(1), "another account"));
        let events = minute.events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].detail.as_deref(), Some("2 more within a minute"));
        assert_eq!(events[0].actor.origin.address, refusal(1).actor.origin.address);
    }

    #[test]
    fn a_flood_of_kinds_takes_no_more_than_its_place() {
        let mut minute = Minute::default();
        let kinds = (0..=u8::MAX).flat_map(|a| (0..8).map(move |b| (a, b)));
        let taken = kinds.filter(|(a, b)| {
            let target = Some(b.to_string());
            minute.take(&Event { target, ..refusal(*a) }, "")
        });
        assert_eq!(taken.count(), KINDS);
        assert_eq!(minute.kinds.len(), KINDS);
        let events = minute.events();
        assert_eq!(events[0].detail.as_deref(), Some("1792 more within a minute, of many kinds"));
    }

    #[test]
    fn what_could_not_be_recorded_is_counted_on() {
        let (mut earlier, mut minute) = (Minute::default(), Minute::default());
        earlier.take(&refusal(1), "");
        earlier.take(&refusal(1), "");
        minute.take(&refusal(1), "");
        minute.take(&refusal(1), "");
        minute.add(earlier);
        assert_eq!(minute.events()[0].detail.as_deref(), Some("2 more within a minute"));
    }
}
