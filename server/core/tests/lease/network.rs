//! What is between the servers and the store, and what the store does with what arrives.

use crate::event::Event;
use crate::plan::{MILLI, SECOND, micros};
use crate::server::Step;
use crate::store::{Answer, Request, Snapshot};
use crate::world::World;

/// After so long a server gives a request up. The request may still arrive.
pub const GIVEN_UP: u64 = SECOND;

impl World {
    pub fn at_store(&mut self, server: usize, process: u32, op: u64, request: Request) {
        let now = self.now;
        let question = match request {
            Request::Renew { renewal } => Some(renewal.question),
            Request::Join { question, .. } => Some(question),
            _ => None,
        };
        if let Some(question) = question {
            let snapshot = self.store.snapshot(question);
            match request {
                Request::Renew { .. } => self.aim_at_renewed(server),
                _ => self.aim_at_joined(),
            }
            let split = if self.has_faults() { self.plan.split } else { 0.0 };
            if self.dice.happens(split) {
                let longest = self.dice.one_of(&[600 * MILLI, micros(self.plan.terms.wait())]);
                let after = self.dice.between(0, longest);
                self.quiet_at = self.quiet_at.max(self.now + after);
                self.push(after, Event::Write { server, process, op, request, snapshot });
            } else if let Some(answer) = self.write(request, snapshot) {
                self.reply(server, process, op, answer, 0);
            }
            return;
        }
        let mut takes = 0;
        let answer = match request {
            Request::Load { question } => {
                takes = self.dice.between(self.plan.load / 2, self.plan.load);
                self.store.load(question)
            }
            Request::Follow { question } => self.store.follow(question),
            Request::Acknowledge { boot, applied } => {
                let answer = self.store.acknowledge(boot, applied);
                self.notify_all(Step::Acknowledged);
                answer
            }
            Request::Revoke { revocation, key } => {
                let mark = self.mark();
                let answer = self.store.revoke(revocation, key, mark);
                self.note(|| format!("store: key {key} is revoked: {answer:?}"));
                self.notify_all(Step::Changed);
                self.strike(key);
                answer
            }
            Request::Look { revocation, n } => {
                self.aim_at_look(server);
                self.store.look(revocation, n, now, micros(self.plan.terms.wait()))
            }
            Request::Fence { boots, change } => {
                self.store.fence(&boots, change);
                self.aim_at_fenced();
                Answer::Nothing
            }
            Request::Settle { timeline } => {
                self.store.settle(timeline);
                Answer::Nothing
            }
            Request::Leave { boot } => {
                self.store.leave(boot);
                Answer::Nothing
            }
            Request::Renew { .. } | Request::Join { .. } => return,
        };
        self.reply(server, process, op, answer, takes);
    }

    pub fn write(&mut self, request: Request, snapshot: Snapshot) -> Option<Answer> {
        match request {
            Request::Renew { renewal } => self.store.renew(renewal, snapshot, self.now),
            Request::Join { boot, question } => self.store.join(boot, question, snapshot, self.now),
            _ => None,
        }
    }

    /// Sends a request; the number is that of its answer or of its end.
    pub fn send(&mut self, server: usize, request: Request) -> u64 {
        self.count += 1;
        let (op, process) = (self.count, self.servers[server].process);
        let is_load = matches!(request, Request::Load { .. });
        if let Some(after) = self.way(server) {
            self.push(after, Event::Arrive { server, process, op, request });
        }
        let given_up = if is_load { self.plan.load + GIVEN_UP } else { GIVEN_UP };
        self.step(server, given_up, Step::GivenUp { op });
        op
    }

    pub fn reply(&mut self, server: usize, process: u32, op: u64, answer: Answer, takes: u64) {
        if let Some(after) = self.way(server) {
            let step = Step::Answer { op, answer };
            self.push(takes + after, Event::Server { server, process, step });
        }
    }

    /// How long a message takes between the server and the store; `None`: it is lost.
    fn way(&mut self, server: usize) -> Option<u64> {
        let (slow, lost) =
            if self.has_faults() { (self.plan.slow, self.plan.lost) } else { (0.0, 0.0) };
        if !self.is_reachable(server) || self.dice.happens(lost) {
            self.disturb(server);
            return None;
        }
        if self.dice.happens(slow) {
            self.disturb(server);
            return Some(self.dice.between(0, 3 * SECOND));
        }
        Some(self.dice.between(self.plan.hop / 3, self.plan.hop))
    }

    /// Answers of this server may now be late.
    pub fn disturb(&mut self, server: usize) {
        for revocation in &mut self.servers[server].revocations {
            revocation.is_calm = false;
        }
    }

    pub fn is_reachable(&self, server: usize) -> bool {
        self.away_until.max(self.servers[server].cut_until) <= self.now
    }

    pub fn notify_all(&mut self, step: Step) {
        for server in 0..self.servers.len() {
            let faults = self.has_faults();
            if !self.is_reachable(server)
                || faults && self.dice.happens(self.plan.notification_lost)
            {
                continue;
            }
            let twice = faults && self.dice.happens(self.plan.notification_doubled);
            for _ in 0..=u8::from(twice) {
                let after = self.dice.between(self.plan.hop / 3, self.plan.hop);
                self.step(server, after, step.clone());
            }
        }
    }
}
