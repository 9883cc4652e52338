//! The servers of the store, as this one sees them: each renewal of one changes its beat.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_core::lease::{BootId, Boottime, Terms};
use sea_orm::{DbErr, QueryResult};

use super::statements;
use crate::clock::boottime;

/// When a beat was first seen.
#[derive(Clone, Copy)]
struct Beat {
    number: i64,
    since: Boottime,
}

/// What the last look showed.
pub(super) struct Peers {
    terms: Terms,
    beats: BTreeMap<BootId, Beat>,
    seen_at: Boottime,
}

impl Peers {
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms, beats: BTreeMap::new(), seen_at: boottime() }
    }

    /// Takes the rows of a look in; how many servers may hold a lease.
    pub(super) fn see(&mut self, rows: &[QueryResult], now: Boottime) -> Result<u32, DbErr> {
        self.seen_at = now;
        let mut beats = BTreeMap::new();
        for row in rows {
            let (boot, number): (Option<String>, Option<i64>) =
                (row.try_get("", "boot")?, row.try_get("", "beat")?);
            let boot = boot.as_deref().and_then(statements::boot);
            let Some((boot, number)) = boot.zip(number) else { continue };
            let before = self.beats.get(&boot).filter(|beat| beat.number == number);
            beats.insert(boot, before.copied().unwrap_or(Beat { number, since: now }));
        }
        self.beats = beats;
        Ok(self.live(now))
    }

    pub(super) fn seen_at(&self) -> Boottime {
        self.seen_at
    }

    fn live(&self, now: Boottime) -> u32 {
        let wait = self.terms.wait();
        let live = self.beats.values().filter(|beat| now.since(beat.since) < wait).count();
        u32::try_from(live).unwrap_or(u32::MAX)
    }

    /// How long the beat of a server has not changed.
    pub(super) fn silent(&self, boot: BootId, now: Boottime) -> Duration {
        self.beats.get(&boot).map_or(Duration::ZERO, |beat| now.since(beat.since))
    }
}
