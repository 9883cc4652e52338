//! What happens when: changes, callers, faults, and what is asked after the faults.

use keyward_core::lease::Next;

use crate::event::{Event, Fault};
use crate::oracle::Kind as Invariant;
use crate::plan::{Kind, MILLI, SECOND, micros};
use crate::server::Step;
use crate::store::{Keys, bit};
use crate::variant::Variant;
use crate::world::World;

/// Keys that there are at first. Others are made, and the last are kept for after the faults.
pub const FIRST_KEYS: Keys = ((1 << 40) - 1) | (0xf << FIRST_LAST_KEY);
const FIRST_LAST_KEY: u8 = 60;
const ROUNDS: u32 = 2;

impl World {
    pub fn set_out(&mut self) {
        let busy = self.plan.busy();
        for server in 0..self.servers.len() {
            let late = self.plan.late_joiners && server > 0 && self.dice.happens(0.4);
            let after = if late { self.dice.between(0, busy) } else { 0 };
            self.push(after, Event::Start { server });
        }
        // With all alive means: after all have joined.
        let first = if self.plan.has_faults { 0 } else { 2 * self.plan.load + SECOND };
        let end = busy.max(first + SECOND);
        for _ in 0..self.dice.between(3, 16) {
            let key = self.any_key();
            let mut at = self.dice.between(first, end);
            if bit(key) & FIRST_KEYS == 0 {
                self.push(at, Event::Make { key });
                at += self.dice.between(0, 2 * SECOND);
            }
            if self.dice.happens(0.8) {
                self.push(at, Event::Ask { key });
            }
            if self.plan.in_bursts {
                for _ in 0..3 {
                    let (key, after) = (self.any_key(), self.dice.between(0, 10 * MILLI));
                    self.push(at + after, Event::Ask { key });
                }
            }
        }
        for _ in 0..self.plan.faults {
            let at = self.dice.between(0, busy);
            let kind = self.dice.one_of(&self.plan.kinds.clone());
            let fault = self.choose(kind);
            self.push(at, Event::Fault(fault));
        }
        // The last faults come a little later.
        self.push(end + SECOND, Event::Calm { round: 0 });
    }

    pub fn choose(&mut self, kind: Kind) -> Fault {
        let server = self.dice.below(self.servers.len());
        let hour = 3_600 * SECOND;
        let jump = self.dice.between(0, 2 * hour).cast_signed() - hour.cast_signed();
        let long = self.dice.between(MILLI, self.plan.longest_pause);
        let short = self.dice.between(MILLI, 2 * micros(self.plan.terms.wait()));
        match kind {
            Kind::Pause => Fault::Pause(server, long),
            Kind::Crash => Fault::Crash(server),
            Kind::Cut => Fault::Cut(server, short),
            Kind::StoreAway => Fault::StoreAway(short),
            Kind::WallClock if self.dice.happens(0.5) => Fault::StoreClock(jump),
            Kind::WallClock => Fault::ServerClock(server, jump),
            Kind::FailOver => Fault::FailOver(self.dice.below(12)),
            Kind::Prune => Fault::Prune(self.dice.between(1, 4).cast_signed()),
            Kind::Leave => Fault::Leave(server),
        }
    }

    pub fn any_key(&mut self) -> u8 {
        u8::try_from(self.dice.below(usize::from(FIRST_LAST_KEY))).unwrap_or(0)
    }

    /// Somebody asks to revoke a key, soon.
    pub fn ask_soon(&mut self, within: u64) {
        let (key, after) = (self.any_key(), self.dice.between(0, within));
        self.push(after, Event::Ask { key });
    }

    /// A revocation of this key was just committed.
    pub fn strike(&mut self, key: u8) {
        for server in 0..self.servers.len() {
            let after = self.dice.between(0, 20 * MILLI);
            self.call(server, after, key);
        }
        if self.plan.kinds.is_empty() || !self.has_faults() {
            return;
        }
        while self.dice.happens(self.plan.struck) {
            let kind = self.dice.one_of(&self.plan.kinds.clone());
            let fault = self.choose(kind);
            let longest = self.dice.one_of(&[20 * MILLI, 60 * MILLI]);
            let after = self.dice.between(0, longest);
            self.push(after, Event::Fault(fault));
        }
    }

    pub fn fault(&mut self, fault: Fault) {
        self.note(|| format!("FAULT {fault:?}"));
        let now = self.now;
        let mut over = now;
        match fault {
            Fault::Pause(server, long) => {
                over += long;
                let at = &mut self.servers[server];
                at.paused_until = at.paused_until.max(over);
                self.disturb(server);
                self.call_on_waking(server, over - now);
            }
            Fault::Crash(server) => self.crash(server),
            Fault::Cut(server, long) => {
                over += long;
                self.servers[server].cut_until = over;
                self.disturb(server);
            }
            Fault::StoreAway(long) => {
                over += long;
                self.away(over);
            }
            Fault::ServerClock(server, jump) => self.servers[server].wall += jump,
            Fault::StoreClock(jump) => self.store.wall += jump,
            Fault::FailOver(commits) => {
                let longest = self.dice.one_of(&[100 * MILLI, 2 * SECOND]);
                over += self.dice.between(0, longest);
                self.away(over);
                let before = self.store.data.clone();
                self.store.fail_over(commits);
                self.oracle.fail_over(&before, &self.store.data, now);
                self.stats.failovers += 1;
                let (before, after) = (before.generation(), self.store.data.generation());
                self.note(|| format!("store: was at {before:?}, is at {after:?}"));
                self.accept_later(over - now);
                for _ in 0..self.dice.below(4) {
                    self.ask_soon(over - now + 500 * MILLI);
                }
            }
            Fault::Prune(keep) => self.store.prune(keep),
            Fault::Leave(server) => self.leave(server),
        }
        self.quiet_at = self.quiet_at.max(over);
    }

    fn away(&mut self, until: u64) {
        self.away_until = self.away_until.max(until);
        for server in 0..self.servers.len() {
            self.disturb(server);
        }
    }

    /// Requests that wait in the sockets of a server that is paused.
    fn call_on_waking(&mut self, server: usize, long: u64) {
        for _ in 0..8 {
            let key = self.any_key();
            self.call(server, long, key);
        }
    }

    /// In half of all cases operators accept the store, each server some time.
    fn accept_later(&mut self, after: u64) {
        if self.dice.happens(0.5) {
            for server in 0..self.servers.len() {
                let after = after + self.dice.between(0, 5 * SECOND);
                self.quiet_at = self.quiet_at.max(self.now + after);
                self.push(after, Event::Accept { server });
            }
        }
    }

    pub fn accept(&mut self, server: usize) {
        if !self.servers[server].is_up || !self.servers[server].refuses() {
            return;
        }
        self.note(|| format!("{server}: an operator accepts the store"));
        self.crash(server);
        self.servers[server].disk.generation = keyward_core::lease::Generation::default();
        self.oracle.accept(server);
        self.push(0, Event::Start { server });
    }

    fn leave(&mut self, server: usize) {
        if self.servers[server].is_up && self.servers[server].paused_until <= self.now {
            if let Some(boot) = self.servers[server].member.leave() {
                self.send(server, crate::store::Request::Leave { boot });
            }
            self.step(server, 0, Step::Exit);
        }
    }

    /// After the faults: first every server verifies, then revocations are fast again.
    pub fn calm(&mut self, round: u32) {
        let wait = micros(self.plan.terms.wait());
        if self.now < self.quiet_at {
            return self.push(self.quiet_at - self.now, Event::Calm { round });
        }
        self.none_waits();
        if round == 0 {
            // A load that was lost is given up, and there is another.
            return self.push(2 * self.plan.load + 6 * SECOND, Event::Calm { round: 1 });
        }
        if round == 1 {
            self.all_verify();
        }
        if ROUNDS < round {
            return self.end();
        }
        let key = FIRST_LAST_KEY + u8::try_from(round).unwrap_or(0);
        self.ask(key);
        self.push(wait + 3 * SECOND, Event::Calm { round: round + 1 });
    }

    /// The first round may wait for those that died.
    pub fn is_last_round(&self) -> bool {
        self.store.data.active & bit(FIRST_LAST_KEY + 2) == 0
    }

    fn all_verify(&mut self) {
        for server in 0..self.servers.len() {
            let at = &self.servers[server];
            if !at.is_up {
                continue;
            }
            self.stats.refused += u64::from(at.refuses());
            let is_alive =
                at.member.next() == Next::Nothing && at.member.permit().covers(self.clock(server));
            let has_lost_nothing = self.variant == Variant::Right || self.stats.failovers == 0;
            if !is_alive && !at.refuses() && has_lost_nothing {
                let what = format!("{server}: does not verify: {:?}", at.member);
                self.violate(Invariant::Dead, what);
            }
        }
    }
}
