//! A server as a member: it loads, joins, renews, follows and acknowledges, with one flow for
//! all but the renewals.

use keyward_core::lease::{BootId, Generation, Member, Next, POLL_EVERY, Question, Seen, Terms};

use crate::dice::Dice;
use crate::oracle::Disk;
use crate::plan::{MILLI, Plan, SECOND, micros};
use crate::revoker::Revoking;
use crate::store::{Answer, Keys, Request};
use crate::variant::Variant;
use crate::verify::Verdict;
use crate::world::World;

#[derive(Clone, Debug)]
pub enum Step {
    /// Notifications.
    Changed,
    Acknowledged,
    /// Timers.
    Poll,
    Renew,
    LookAgain {
        revocation: u32,
    },
    /// From the store, or not.
    Answer {
        op: u64,
        answer: Answer,
    },
    GivenUp {
        op: u64,
    },
    /// Changes are to be in memory now.
    Apply {
        newest: Generation,
        changed: Keys,
        active: Keys,
    },
    /// The watermark is written and synced.
    Kept {
        disk: Disk,
    },
    DigestKept {
        revocation: u32,
        key: u8,
    },
    /// From outside.
    Revoke {
        key: u8,
    },
    Verify(Verdict),
    Exit,
}

pub struct Server {
    pub is_up: bool,
    /// Counts the processes, so that events of a former one are dropped.
    pub process: u32,
    /// What the clocks show at the beginning, in microseconds, and the drift in millionths.
    pub booted: i64,
    pub wall: i64,
    pub drift: i64,
    pub paused_until: u64,
    pub cut_until: u64,
    pub disk: Disk,
    pub member: Member,
    /// The keys in memory.
    pub cache: Keys,
    /// Digests that are never accepted, kept or about to be.
    pub revoked: Keys,
    /// Those of them that are kept.
    pub kept: Keys,
    pub revocations: Vec<Revoking>,
    flow: Flow,
    /// Something came that the flow has not seen.
    again: bool,
    acknowledged: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Idle,
    Waits(u64),
    Works,
}

impl Server {
    pub fn new(plan: &Plan, dice: &mut Dice) -> Self {
        let drift = match dice.below(5) {
            _ if !plan.drift => 0,
            0 | 1 => -10_000,
            2 | 3 => 10_000,
            _ => dice.between(0, 20_000).cast_signed() - 10_000,
        };
        Self {
            is_up: false,
            process: 0,
            booted: dice.between(0, 1_000_000 * SECOND).cast_signed(),
            wall: 0,
            drift,
            paused_until: 0,
            cut_until: 0,
            disk: Disk::default(),
            member: Member::new(plan.terms, Generation::default()),
            cache: 0,
            revoked: 0,
            kept: 0,
            revocations: Vec::new(),
            flow: Flow::Idle,
            again: false,
            acknowledged: 0,
        }
    }

    fn boot(&mut self, terms: Terms) {
        self.is_up = true;
        self.member = Member::new(terms, self.disk.generation);
        self.cache = 0;
        self.revoked = self.disk.revoked;
        self.kept = self.disk.revoked;
        self.flow = Flow::Idle;
        self.again = false;
        self.acknowledged = 0;
        self.revocations.clear();
    }

    pub fn refuses(&self) -> bool {
        matches!(self.member.next(), Next::Refuse(_))
    }
}

impl World {
    pub fn start(&mut self, server: usize) {
        if self.servers[server].is_up {
            return;
        }
        self.servers[server].boot(self.plan.terms);
        self.note(|| format!("{server}: starts"));
        let poll = self.dice.between(0, 5 * MILLI);
        self.step(server, poll, Step::Poll);
        self.step(server, poll, Step::Renew);
    }

    pub fn take(&mut self, server: usize, step: Step) {
        match step {
            Step::Changed => self.follow(server),
            Step::Acknowledged => self.look_at_all(server),
            Step::Poll => {
                self.follow(server);
                let after = self.by_clock(server, POLL_EVERY);
                self.step(server, after, Step::Poll);
            }
            Step::Renew => {
                self.renew(server);
                let after = self.by_clock(server, self.plan.terms.renew_every());
                self.step(server, after, Step::Renew);
            }
            Step::LookAgain { revocation } => self.look(server, revocation),
            Step::Answer { op, answer } => self.answer(server, op, answer),
            Step::GivenUp { op } => self.give_up(server, op),
            Step::Apply { newest, changed, active } => self.apply(server, newest, changed, active),
            Step::Kept { disk } => self.kept(server, disk),
            Step::DigestKept { revocation, key } => self.digest_kept(server, revocation, key),
            Step::Revoke { key } => self.revoke(server, key),
            Step::Verify(verdict) => self.verify(server, verdict),
            Step::Exit => self.crash(server),
        }
    }

    /// One step of the flow; when it is at work already, once more after it.
    pub fn follow(&mut self, server: usize) {
        let at = &mut self.servers[server];
        at.again = at.flow != Flow::Idle;
        if at.again {
            return;
        }
        self.proceed(server);
    }

    fn proceed(&mut self, server: usize) {
        let at = &self.servers[server];
        let question = at.member.question();
        let request = match at.member.next() {
            Next::Refuse(_) => {
                self.servers[server].flow = Flow::Idle;
                return;
            }
            Next::Load => Request::Load { question },
            Next::Join => {
                let boot = self.boot_id();
                if self.variant == Variant::JoinedByRenewal {
                    return self.joined(server, boot);
                }
                self.promise(server);
                Request::Join { boot, question }
            }
            Next::Follow | Next::Nothing => Request::Follow { question },
        };
        let op = self.send(server, request);
        self.servers[server].flow = Flow::Waits(op);
    }

    fn rest(&mut self, server: usize) {
        let at = &mut self.servers[server];
        at.flow = Flow::Idle;
        let again = at.again || matches!(at.member.next(), Next::Load | Next::Join | Next::Follow);
        if again {
            self.follow(server);
        }
    }

    /// What the server is bound to, even if the store loses it.
    fn promise(&mut self, server: usize) {
        let at = &self.servers[server];
        let (known, kept) = (at.member.known(), at.kept);
        self.oracle.promise(server, known, kept);
    }

    fn renew(&mut self, server: usize) {
        let clock = self.clock(server);
        let at = &self.servers[server];
        let renewal = at.member.renewal(clock);
        if let Some(renewal) = renewal {
            self.send(server, Request::Renew { renewal });
        }
    }

    fn give_up(&mut self, server: usize, op: u64) {
        if self.servers[server].flow == Flow::Waits(op) {
            self.servers[server].flow = Flow::Idle;
        }
        self.give_up_revoking(server, op);
    }

    fn answer(&mut self, server: usize, op: u64, answer: Answer) {
        let is_flow = self.servers[server].flow == Flow::Waits(op);
        match answer {
            Answer::Renewed { renewal, seen } => {
                self.note(|| format!("{server}: renewal answered: {seen:?}"));
                let mut renewal = renewal;
                if self.variant == Variant::CountedFromAnswer
                    && let Some(later) = self.servers[server].member.renewal(self.clock(server))
                {
                    renewal = later;
                }
                let member = &mut self.servers[server].member;
                member.granted(renewal, seen);
                if let Some(seen) = seen
                    && self.variant == Variant::GrantedBeforeApplied
                {
                    member.applied(seen.newest);
                }
                if member.next() != Next::Nothing {
                    self.follow(server);
                }
            }
            Answer::Loaded { question, seen, active } if is_flow => {
                self.loaded(server, question, seen, active);
            }
            Answer::Followed { question, seen, changed, active } if is_flow => {
                self.followed(server, question, seen, changed, active);
            }
            Answer::Joined { boot } if is_flow => self.joined(server, boot),
            Answer::Acknowledged { applied } if is_flow => {
                let acknowledged = &mut self.servers[server].acknowledged;
                *acknowledged = applied.max(*acknowledged);
                self.rest(server);
            }
            Answer::Revoked { revocation, change, timeline, is_settled, already } => {
                self.committed(server, revocation, (change, timeline, is_settled), already);
            }
            Answer::Looked { revocation, look, at } => self.looked(server, revocation, &look, at),
            _ => (),
        }
    }

    fn joined(&mut self, server: usize, boot: BootId) {
        self.note(|| format!("{server}: joined as {:x}", boot.0));
        self.servers[server].member.joined(boot);
        self.servers[server].acknowledged = 0;
        self.renew(server);
        self.rest(server);
    }

    fn loaded(&mut self, server: usize, question: Question, seen: Seen, active: Keys) {
        let is_usable = self.servers[server].member.loaded(question, seen);
        self.note(|| format!("{server}: loaded {seen:?}: {is_usable}"));
        if !is_usable {
            return self.rest(server);
        }
        let at = &mut self.servers[server];
        at.revoked |= at.cache & !active;
        at.cache = active;
        self.keep(server);
    }

    fn followed(
        &mut self,
        server: usize,
        question: Question,
        seen: Seen,
        changed: Keys,
        active: Keys,
    ) {
        let at = &mut self.servers[server];
        at.member.polled(question, seen);
        match at.member.next() {
            // A store that has shown more before would have been refused.
            _ if question.known.n < seen.newest.n && seen.at_known.is_some() && !at.refuses() => {
                at.flow = Flow::Works;
                let after = self.dice.between(0, 3 * MILLI);
                self.step(server, after, Step::Apply { newest: seen.newest, changed, active });
            }
            Next::Nothing if at.acknowledged < at.member.known().n => self.acknowledge(server),
            _ => self.rest(server),
        }
    }

    fn apply(&mut self, server: usize, newest: Generation, changed: Keys, active: Keys) {
        let at = &mut self.servers[server];
        at.revoked |= at.cache & changed & !active;
        at.cache = at.cache & !changed | active & changed;
        at.member.applied(newest);
        self.note(|| format!("{server}: applied {newest:?}"));
        self.keep(server);
    }

    fn keep(&mut self, server: usize) {
        let at = &mut self.servers[server];
        at.flow = Flow::Works;
        let disk = Disk { generation: at.member.known(), revoked: at.revoked };
        let after = self.dice.between(MILLI / 10, 5 * MILLI);
        self.step(server, after, Step::Kept { disk });
    }

    fn kept(&mut self, server: usize, disk: Disk) {
        let at = &mut self.servers[server];
        at.kept |= disk.revoked;
        if self.variant != Variant::NoWatermark {
            at.disk.generation = disk.generation;
            at.disk.revoked |= disk.revoked;
        }
        self.look_at_all(server);
        if self.servers[server].member.boot().is_some() {
            self.acknowledge(server);
        } else {
            self.rest(server);
        }
    }

    fn acknowledge(&mut self, server: usize) {
        let member = &self.servers[server].member;
        let (boot, applied) = (member.boot(), member.known());
        let Some(boot) = boot else {
            return self.rest(server);
        };
        self.promise(server);
        let op = self.send(server, Request::Acknowledge { boot, applied });
        self.servers[server].flow = Flow::Waits(op);
    }

    /// The process ends.
    pub fn crash(&mut self, server: usize) {
        if !self.servers[server].is_up {
            return;
        }
        self.note(|| format!("{server}: ends"));
        self.abandon_revoking(server);
        let at = &mut self.servers[server];
        at.is_up = false;
        at.process += 1;
        at.paused_until = 0;
        at.cache = 0;
        self.oracle.lacking[server] = 0;
        if self.dice.happens(0.8) {
            let after = self.dice.between(10 * MILLI, 4 * micros(self.plan.terms.wait()));
            self.quiet_at = self.quiet_at.max(self.now + after);
            self.push(after, crate::event::Event::Start { server });
        }
    }
}
