//! A server that was asked to revoke a key.

use keyward_core::lease::{
    BootId, Boottime, Commit, Decision, Effective, Generation, Look, Own, POLL_EVERY,
};

use crate::event::Event;
use crate::oracle::Kind;
use crate::plan::{MILLI, SECOND, micros};
use crate::server::Step;
use crate::store::{Request, bit};
use crate::variant::Variant;
use crate::world::World;

#[derive(Debug)]
pub struct Revoking {
    id: u32,
    pub key: u8,
    /// The request that is under way: first the change, then looks.
    op: Option<u64>,
    /// A look was asked for while one was under way.
    again: bool,
    commit: Option<Commit>,
    /// Whether the digest is in the watermark.
    is_kept: bool,
    /// Whether I2 holds for it.
    pub is_calm: bool,
}

impl World {
    pub fn revoke(&mut self, server: usize, key: u8) {
        if self.servers[server].refuses() {
            return self.ask_again(key);
        }
        self.note(|| format!("{server}: is asked to revoke key {key}"));
        let id = u32::try_from(self.dice.number() >> 32).unwrap_or(0);
        let op = Some(self.send(server, Request::Revoke { revocation: id, key }));
        let revoking =
            Revoking { id, key, op, again: false, commit: None, is_kept: false, is_calm: false };
        self.servers[server].revocations.push(revoking);
    }

    fn revoking(&mut self, server: usize, id: u32) -> Option<&mut Revoking> {
        self.servers[server].revocations.iter_mut().find(|revoking| revoking.id == id)
    }

    fn forget(&mut self, server: usize, id: u32) {
        self.servers[server].revocations.retain(|revoking| revoking.id != id);
    }

    pub fn committed(
        &mut self,
        server: usize,
        id: u32,
        (change, timeline, is_settled): (Generation, u32, bool),
        already: bool,
    ) {
        let returned = self.clock(server);
        let is_calm = self.is_reachable(server);
        let Some(revoking) = self.revoking(server, id) else {
            return;
        };
        revoking.op = None;
        revoking.commit = Some(Commit { change, returned, timeline, is_settled });
        revoking.is_calm = is_calm;
        let key = revoking.key;
        self.note(|| format!("{server}: key {key} is revoked by {change:?}, already: {already}"));
        if already && self.variant == Variant::AlreadyRevokedAtOnce {
            return self.answered(server, id, None, self.now);
        }
        self.servers[server].revoked |= bit(key);
        let after = self.dice.between(MILLI / 10, 5 * MILLI);
        self.step(server, after, Step::DigestKept { revocation: id, key });
        self.follow(server);
        self.look(server, id);
    }

    pub fn digest_kept(&mut self, server: usize, id: u32, key: u8) {
        self.servers[server].kept |= bit(key);
        if self.variant != Variant::NoWatermark {
            self.servers[server].disk.revoked |= bit(key);
        }
        if let Some(revoking) = self.revoking(server, id) {
            revoking.is_kept = true;
        }
        self.look(server, id);
    }

    pub fn look_at_all(&mut self, server: usize) {
        let ids: Vec<u32> = self.servers[server].revocations.iter().map(|r| r.id).collect();
        for id in ids {
            self.look(server, id);
        }
    }

    pub fn look(&mut self, server: usize, id: u32) {
        let Some(revoking) = self.revoking(server, id) else {
            return;
        };
        let Some(commit) = revoking.commit else {
            return;
        };
        revoking.again = revoking.op.is_some();
        if revoking.again {
            return;
        }
        let op = self.send(server, Request::Look { revocation: id, n: commit.change.n });
        if let Some(revoking) = self.revoking(server, id) {
            revoking.op = Some(op);
        }
    }

    pub fn looked(&mut self, server: usize, id: u32, look: &Look, at: u64) {
        let (clock, terms) = (self.clock(server), self.plan.terms);
        let own = self.own(server);
        let variant = self.variant;
        let Some(revoking) = self.revoking(server, id) else {
            return;
        };
        let Some(commit) = revoking.commit else {
            return;
        };
        revoking.op = None;
        let again = std::mem::take(&mut revoking.again);
        let mut look = look.clone();
        if variant == Variant::AbsenceAcknowledges && 2 * POLL_EVERY < clock.since(commit.returned)
        {
            look.rows.retain(|row| commit.change.n <= row.applied);
        }
        match commit.decide(&terms, &look, own, clock) {
            // The digest will be kept soon, and then there is another look.
            Decision::Done { .. } if !revoking.is_kept => (),
            Decision::Done { effective, fence, settle } => {
                self.answered(server, id, Some(effective), at);
                self.clean_up(server, commit.change, fence, settle);
            }
            Decision::Wait(_) if again => self.look(server, id),
            Decision::Wait(until) => {
                let after = self.by_clock(server, until.since(clock));
                self.step(server, after, Step::LookAgain { revocation: id });
            }
            Decision::Lost => {
                let key = revoking.key;
                self.note(|| format!("{server}: the store has lost the revocation of key {key}"));
                self.forget(server, id);
                self.ask_again(key);
            }
        }
    }

    fn own(&self, server: usize) -> Option<Own> {
        let at = &self.servers[server];
        let applied = at.member.known().n.min(at.disk.generation.n);
        at.member.boot().map(|boot| Own { boot, applied })
    }

    fn clean_up(
        &mut self,
        server: usize,
        change: Generation,
        fence: Vec<BootId>,
        settle: Option<u32>,
    ) {
        if let Some(timeline) = settle {
            self.send(server, Request::Settle { timeline });
        }
        if !fence.is_empty() && self.variant != Variant::NeverFenced {
            self.send(server, Request::Fence { boots: fence, change });
        }
    }

    /// Sends the answer.
    fn answered(&mut self, server: usize, id: u32, effective: Option<Effective>, at: u64) {
        let Some(revoking) = self.revoking(server, id) else {
            return;
        };
        let (key, is_calm) = (revoking.key, revoking.is_calm);
        let commit = revoking.commit;
        self.forget(server, id);
        self.note(|| format!("{server}: ANSWERS: key {key} is revoked: {effective:?}"));
        let Some(commit) = commit else {
            return self.is_known(key, Generation::default());
        };
        let newest = self.servers[server].disk.generation;
        self.oracle.promise(server, newest, bit(key));
        if self.store.data.mark(commit.change.n) == Some(commit.change.mark) {
            self.is_known(key, commit.change);
        } else if self.oracle.answer_of_lost(key, commit.change, at) {
            self.call_all(key);
        } else {
            self.violate(Kind::Accepted, format!("answers what the store has lost: key {key}"));
        }
        if let Some(effective) = effective {
            self.stats.waited_out += u64::from(effective.fenced > 0);
            self.is_in_time(server, effective, is_calm);
        }
    }

    /// From now on the caller counts on it.
    fn is_known(&mut self, key: u8, change: Generation) {
        self.stats.answers += 1;
        self.oracle.answer(key, change);
        for server in 0..self.servers.len() {
            let at = &self.servers[server];
            let lacks = at.is_up && at.cache & !at.revoked & bit(key) != 0;
            let lacking = &mut self.oracle.lacking[server];
            *lacking = *lacking & !bit(key) | if lacks { bit(key) } else { 0 };
            self.check(server);
        }
        self.call_all(key);
    }

    fn is_in_time(&mut self, server: usize, effective: Effective, is_calm: bool) {
        if !matches!(self.variant, Variant::Right | Variant::NeverFenced) {
            return;
        }
        let waited = micros(effective.waited);
        let round_trip = self.round_trip();
        if is_calm && micros(self.plan.terms.wait()) + round_trip < waited {
            self.violate(Kind::Late, format!("{server}: waited {waited} us"));
        }
        let is_fast = !self.plan.has_faults || self.is_last_round();
        if is_fast && micros(POLL_EVERY) + 2 * round_trip < waited {
            self.violate(Kind::Late, format!("{server}: waited {waited} us, all alive"));
        }
    }

    /// By a clock that is 1 % fast.
    fn round_trip(&self) -> u64 {
        2 * self.plan.hop * 102 / 100 + MILLI / 10
    }

    /// I2 for those that were not answered at all.
    pub fn none_waits(&mut self) {
        let terms = self.plan.terms;
        for server in 0..self.servers.len() {
            let clock = self.clock(server);
            let late = |since: Boottime| {
                let end = since.after(terms.wait());
                self.round_trip() + MILLI < micros(clock.since(end))
            };
            let at = &self.servers[server];
            let waits = at.revocations.iter().find(|revoking| {
                revoking.is_calm && revoking.commit.is_some_and(|commit| late(commit.returned))
            });
            if let Some(waits) = waits {
                let what = format!("{server}: no answer for {waits:?}");
                self.violate(Kind::Late, what);
            }
        }
    }

    pub fn give_up_revoking(&mut self, server: usize, op: u64) {
        let found = self.servers[server].revocations.iter_mut().find(|r| r.op == Some(op));
        let Some(revoking) = found else {
            return;
        };
        revoking.op = None;
        let (id, key, is_committed) = (revoking.id, revoking.key, revoking.commit.is_some());
        if is_committed {
            return self.look(server, id);
        }
        self.note(|| format!("{server}: outcome unknown: key {key}"));
        self.forget(server, id);
        if self.variant == Variant::UnknownIsSuccess {
            self.is_known(key, Generation::default());
        } else {
            self.ask_again(key);
        }
    }

    /// The connections of a process that ends are closed.
    pub fn abandon_revoking(&mut self, server: usize) {
        let keys: Vec<u8> = self.servers[server].revocations.iter().map(|r| r.key).collect();
        self.servers[server].revocations.clear();
        for key in keys {
            self.ask_again(key);
        }
    }

    fn ask_again(&mut self, key: u8) {
        if self.dice.happens(0.7) {
            let after = self.dice.between(0, SECOND);
            self.push(after, Event::Ask { key });
        }
    }

    /// Somebody asks a server that can answer.
    pub fn ask(&mut self, key: u8) {
        if self.made & bit(key) == 0 {
            return;
        }
        let can = |at: &crate::server::Server| at.is_up && !at.refuses();
        let able: Vec<usize> =
            (0..self.servers.len()).filter(|server| can(&self.servers[*server])).collect();
        let awake: Vec<usize> =
            able.iter().copied().filter(|at| self.servers[*at].paused_until <= self.now).collect();
        if !able.is_empty() {
            let all = if awake.is_empty() || self.dice.happens(0.1) { &able } else { &awake };
            let server = self.dice.one_of(all);
            self.step(server, 0, Step::Revoke { key });
        }
    }
}
