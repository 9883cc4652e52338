//! Faults at the worst moments, which chance alone would rarely find.

use crate::event::{Event, Fault};
use crate::plan::{Kind, MILLI, SECOND, micros};
use crate::world::World;

impl World {
    /// The worst moment for a change: just after a renewal has read the generation.
    pub fn aim_at_renewed(&mut self, server: usize) {
        if !self.has_faults() || !self.dice.happens(self.plan.aimed) {
            return;
        }
        let (key, after) = (self.any_key(), self.dice.between(0, 5 * MILLI));
        self.push(after, Event::Ask { key });
        for _ in 0..3 {
            let after = self.dice.between(0, 10 * MILLI);
            self.call(server, after, key);
        }
        let kind = self.dice.one_of(&[Kind::Pause, Kind::Cut]);
        if self.plan.kinds.contains(&kind) {
            // This server, or another one, so that it is not missed for its own sake.
            let other = self.dice.below(self.servers.len());
            let server = if self.dice.happens(0.6) { server } else { other };
            let long = self.long();
            let fault = match kind {
                Kind::Cut => Fault::Cut(server, long),
                _ => Fault::Pause(server, long),
            };
            let after = self.dice.between(0, 15 * MILLI);
            self.push(after, Event::Fault(fault));
        }
    }

    /// Mostly longer than a lease.
    fn long(&mut self) -> u64 {
        let wait = micros(self.plan.terms.wait());
        self.dice.between(wait / 2, 2 * wait)
    }

    /// Another: just after a statement has written that had read long before.
    pub fn aim_at_written(&mut self, server: usize) {
        if self.has_faults()
            && self.plan.aimed > 0.0
            && self.plan.kinds.contains(&Kind::Cut)
            && self.dice.happens(0.7)
        {
            let long = self.long();
            let after = self.dice.between(0, 50 * MILLI);
            self.push(after, Event::Fault(Fault::Cut(server, long)));
        }
    }

    /// The worst moment for a failover: just after a row was inserted.
    pub fn aim_at_joined(&mut self) {
        if self.has_faults()
            && self.plan.kinds.contains(&Kind::FailOver)
            && self.dice.happens(2.0 * self.plan.aimed)
        {
            let fault = self.choose(Kind::FailOver);
            let after = self.dice.between(0, 300 * MILLI);
            self.push(after, Event::Fault(fault));
        }
    }

    /// The worst moment for a revoker to sleep: just after a look, which is all it knows when it
    /// wakes up in another history.
    pub fn aim_at_look(&mut self, server: usize) {
        let is_aimed = self.has_faults()
            && [Kind::FailOver, Kind::Pause].iter().all(|kind| self.plan.kinds.contains(kind))
            && self.dice.happens(2.0 * self.plan.aimed);
        if !is_aimed {
            return;
        }
        let wait = micros(self.plan.terms.wait());
        let (long, lost) = (self.dice.between(wait, 4 * wait), self.dice.below(12));
        self.push(0, Event::Fault(Fault::Pause(server, long)));
        let after = self.dice.between(0, 20 * MILLI);
        self.push(after, Event::Fault(Fault::FailOver(lost)));
        for soon in [SECOND, long, long] {
            let (key, after) = (self.any_key(), self.dice.between(0, 50 * MILLI));
            self.push(soon + after, Event::Ask { key });
        }
    }

    /// Another: just after a row was deleted.
    pub fn aim_at_fenced(&mut self) {
        if self.has_faults() && self.plan.aimed > 0.0 && self.dice.happens(0.8) {
            self.ask_soon(200 * MILLI);
        }
    }
}
