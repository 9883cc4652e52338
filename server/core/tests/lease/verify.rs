//! Callers that ask for verdicts. A verdict takes three steps, and anything may happen between
//! them: the permit, the lookup, the clock.

use keyward_core::lease::{Boottime, Permit};

use crate::oracle::Kind;
use crate::plan::{MILLI, micros};
use crate::server::Step;
use crate::store::{Keys, bit};
use crate::variant::Variant;
use crate::world::World;

#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    key: u8,
    stage: Stage,
    permit: Permit,
    clock: Boottime,
    found: bool,
    /// Whether the key's revocation was answered when it began.
    is_after_answer: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begin,
    LookUp,
    Decide,
}

impl Verdict {
    pub fn new(key: u8) -> Self {
        Self {
            key,
            stage: Stage::Begin,
            permit: Permit::default(),
            clock: Boottime::default(),
            found: false,
            is_after_answer: false,
        }
    }
}

impl World {
    /// A caller that asks this server after a while.
    pub fn call(&mut self, server: usize, after: u64, key: u8) {
        self.step(server, after, Step::Verify(Verdict::new(key)));
    }

    /// Callers that ask every server, from an answer on, until no lease of before is left.
    pub fn call_all(&mut self, key: u8) {
        let wait = micros(self.plan.terms.wait());
        for server in 0..self.servers.len() {
            for longest in [20 * MILLI, wait] {
                let after = self.dice.between(0, longest);
                self.call(server, after, key);
            }
        }
    }

    pub fn verify(&mut self, server: usize, mut verdict: Verdict) {
        let key = bit(verdict.key);
        let (permit, clock) = (self.servers[server].member.permit(), self.clock(server));
        let at = &self.servers[server];
        let variant = self.variant;
        match verdict.stage {
            Stage::Begin => {
                verdict.is_after_answer = self.oracle.forbidden(server) & key != 0;
                (verdict.permit, verdict.clock) = (permit, clock);
                verdict.stage = Stage::LookUp;
            }
            Stage::LookUp => {
                verdict.found = at.cache & !at.revoked & key != 0;
                if variant == Variant::ClockBeforeLookup {
                    return self.decide_verdict(server, verdict);
                }
                verdict.stage = Stage::Decide;
            }
            Stage::Decide => {
                verdict.clock = clock;
                if variant == Variant::PermitAfterLookup {
                    verdict.permit = permit;
                }
                return self.decide_verdict(server, verdict);
            }
        }
        let after = if self.dice.happens(0.6) { 0 } else { self.dice.between(0, 30 * MILLI) };
        self.step(server, after, Step::Verify(verdict));
    }

    fn decide_verdict(&mut self, server: usize, verdict: Verdict) {
        self.stats.verdicts += 1;
        if !(verdict.found && self.covers(verdict.permit, verdict.clock)) {
            return;
        }
        self.stats.accepted += 1;
        let key = bit(verdict.key);
        if self.oracle.forbidden(server) & key == 0 {
            return;
        }
        if verdict.is_after_answer {
            let what = "accepts after the answer";
            self.violate(Kind::Accepted, format!("{server}: {what}: key {}", verdict.key));
        } else if self.oracle.lacking[server] & key != 0 {
            let what = "has woken up and accepts after the answer";
            self.violate(Kind::Accepted, format!("{server}: {what}: key {}", verdict.key));
        }
    }

    fn covers(&self, permit: Permit, clock: Boottime) -> bool {
        let terms = &self.plan.terms;
        let more = match self.variant {
            Variant::NoMargin => terms.margin(),
            Variant::MarginWithoutAlone => terms.alone() / 20,
            _ => return permit.covers(clock),
        };
        permit.until() != Boottime::default() && clock < permit.until().after(more)
    }

    /// A caller that asks this server for every key at this moment, and is answered at once.
    pub fn check(&mut self, server: usize) {
        let at = &self.servers[server];
        let accepted: Keys = at.cache & !at.revoked & self.oracle.forbidden(server);
        if accepted == 0 || !at.is_up || self.now < at.paused_until {
            return;
        }
        if self.covers(at.member.permit(), self.clock(server)) {
            let what = format!("{server}: accepts after the answer: keys {accepted:#x}");
            self.violate(Kind::Accepted, what);
        }
    }
}
