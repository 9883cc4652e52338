//! Refusals come in floods: somebody guesses passwords, or a program asks every second for
//! what it may not have. The first of a kind in a minute is recorded at once; those after it
//! are counted, and recorded as one entry when the minute is over.
//!
//! Bounded: at most [`KINDS`] kinds in a minute; the rest are counted together. A crash
//! loses the counts of one minute, never a first refusal.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyward_api::audit::AuditActorKind;
use sea_orm::DbErr;
use sha2::{Digest, Sha256};

use super::event::{Action, Actor, Event, Origin};
use super::log::AuditLog;
use crate::authority::NotRecorded;
use crate::database::DatabaseConnection;

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
    /// The SHA-256 of what else tells them apart: it may be anything a person typed.
    distinct: [u8; 32],
}

impl Kind {
    fn of(event: &Event, distinct: &str) -> Self {
        let Event { actor, action, target, .. } = event;
        Self {
            actor: (actor.kind, actor.id.clone(), actor.name.clone()),
            action: *action,
            target: target.clone(),
            address: actor.origin.address,
            distinct: Sha256::digest(distinct).into(),
        }
    }

    fn refused(&self) -> Event {
        let (kind, id, name) = self.actor.clone();
        let origin = Origin { request_id: None, address: self.address };
        Actor { kind, id, name, origin, authority: None }
            .was_refused(self.action, self.target.clone())
    }
}

/// Refusals of this minute.
#[derive(Debug, Default)]
pub struct Folding {
    minute: Mutex<Minute>,
}

#[derive(Clone, Debug, Default)]
struct Minute {
    /// How many came after the first.
    kinds: HashMap<Kind, u64>,
    /// Those that no longer had a place.
    rest: HashMap<Action, u64>,
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
    ) -> Result<(), NotRecorded> {
        let kind = Kind::of(&event, distinct);
        if !self.lock().take(kind.clone()) {
            return Ok(());
        }
        let recorded = log.record(db, event).await;
        if recorded.is_err() {
            // Not recorded yet, so it is one of those to come.
            self.lock().take(kind);
        }
        recorded
    }

    /// Records what was counted and begins a new minute. What cannot be recorded, or not in
    /// time, is counted on.
    pub async fn flush(&self, log: &AuditLog, db: &DatabaseConnection) -> Result<(), DbErr> {
        let counted = self.lock().clone();
        let events = counted.events();
        if !events.is_empty() {
            log.record_all(db, events).await?;
        }
        self.lock().forget(&counted);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    /// Whether it is the first of its kind.
    fn take(&mut self, kind: Kind) -> bool {
        if let Some(more) = self.kinds.get_mut(&kind) {
            *more += 1;
            return false;
        }
        if self.kinds.len() >= KINDS {
            *self.rest.entry(kind.action).or_default() += 1;
            return false;
        }
        self.kinds.insert(kind, 0);
        true
    }

    /// Takes away what was recorded; what came since then stays.
    fn forget(&mut self, recorded: &Self) {
        for (kind, count) in &recorded.kinds {
            if let Entry::Occupied(mut now) = self.kinds.entry(kind.clone()) {
                *now.get_mut() -= count;
                if *now.get() == 0 {
                    now.remove();
                }
            }
        }
        for (action, count) in &recorded.rest {
            if let Some(now) = self.rest.get_mut(action) {
                *now -= count;
            }
        }
    }

    fn events(&self) -> Vec<Event> {
        let more = |count: u64| format!("{count} more within a minute");
        let counted = self.kinds.iter().filter(|(_, count)| **count > 0);
        let mut events: Vec<Event> =
            counted.map(|(kind, count)| kind.refused().with_detail(more(*count))).collect();
        for (action, count) in self.rest.iter().filter(|(_, count)| **count > 0) {
            let actor = Actor::anonymous(Origin::default());
            let event = actor.was_refused(*action, None);
            events.push(event.with_detail(format!("{}, of many kinds", more(*count))));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: u8, distinct: &str) -> Kind {
        let address = Some([192, 0, 2, address].into());
        let actor = Actor::anonymous(Origin { request_id: None, address });
        Kind::of(&actor.was_refused(Action::SessionCreate, None), distinct)
    }

    #[test]
    fn the_first_of_a_kind_is_recorded_and_the_others_are_counted() {
        let mut minute = Minute::default();
        assert!(minute.take(kind(1, "")));
        assert!(minute.take(kind(2, "")));
        assert!(minute.take(kind(1, "another account")));
        assert!(minute.events().is_empty());
        assert!(!minute.take(kind(1, "")));
        assert!(!minute.take(kind(1, "")));
        let events = minute.events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].detail.as_deref(), Some("2 more within a minute"));
        assert_eq!(events[0].actor.origin.address, kind(1, "").address);
    }

    #[test]
    fn a_flood_of_kinds_takes_no_more_than_its_place() {
        let mut minute = Minute::default();
        let kinds = (0..=u8::MAX).flat_map(|a| (0..8).map(move |b| kind(a, &b.to_string())));
        assert_eq!(kinds.filter(|kind| minute.take(kind.clone())).count(), KINDS);
        assert_eq!(minute.kinds.len(), KINDS);
        let events = minute.events();
        assert_eq!(events[0].detail.as_deref(), Some("1792 more within a minute, of many kinds"));
        assert_eq!(events[0].action, Action::SessionCreate);
    }

    #[test]
    fn what_came_while_it_was_recorded_is_counted_on() {
        let mut minute = Minute::default();
        minute.take(kind(1, ""));
        minute.take(kind(1, ""));
        let recorded = minute.clone();
        minute.take(kind(1, ""));
        minute.forget(&recorded);
        assert_eq!(minute.events()[0].detail.as_deref(), Some("1 more within a minute"));
        minute.forget(&minute.clone());
        assert!(minute.take(kind(1, "")), "a new minute");
    }

    #[test]
    fn debug_does_not_show_what_was_typed() {
        let mut minute = Minute::default();
        minute.take(kind(1, "planted"));
        assert!(!format!("{minute:?}").contains("planted"));
    }
}
