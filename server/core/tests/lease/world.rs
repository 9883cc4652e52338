//! Time, and whose turn it is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use keyward_core::lease::{BootId, Boottime};

use crate::dice::Dice;
use crate::event::{Event, Queued, Stats};
use crate::oracle::{Kind, Oracle, Violation};
use crate::plan::{MILLI, Plan, SECOND, micros};
use crate::schedule::FIRST_KEYS;
use crate::server::{Server, Step};
use crate::store::{Keys, Store, bit};
use crate::variant::Variant;

pub struct World {
    pub variant: Variant,
    pub plan: Plan,
    pub dice: Dice,
    pub now: u64,
    pub store: Store,
    /// Keys that have been made; none is made twice.
    pub made: Keys,
    pub servers: Vec<Server>,
    pub oracle: Oracle,
    /// Until when the store is away for all.
    pub away_until: u64,
    /// When the last fault is over.
    pub quiet_at: u64,
    pub violation: Option<Violation>,
    pub stats: Stats,
    pub trace: Option<Vec<String>>,
    queue: BinaryHeap<Reverse<Queued>>,
    /// Of events and requests; the latest.
    pub count: u64,
    is_over: bool,
}

impl World {
    pub fn new(seed: u64, variant: Variant, with_trace: bool) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::new(&mut dice);
        let mut store = Store::new(variant, FIRST_KEYS);
        store.can_fail_over = plan.kinds.contains(&crate::plan::Kind::FailOver);
        let servers = (0..plan.servers).map(|_| Server::new(&plan, &mut dice)).collect();
        let oracle = Oracle::new(plan.servers);
        let mut world = Self {
            variant,
            plan,
            dice,
            now: 0,
            store,
            made: FIRST_KEYS,
            servers,
            oracle,
            away_until: 0,
            quiet_at: 0,
            violation: None,
            stats: Stats::default(),
            trace: with_trace.then(Vec::new),
            queue: BinaryHeap::new(),
            count: 0,
            is_over: false,
        };
        world.set_out();
        world
    }

    pub fn run(&mut self) {
        while let Some(Reverse(Queued { at, event, .. })) = self.queue.pop() {
            self.now = at;
            self.stats.events += 1;
            self.handle(event);
            if self.violation.is_some() || self.is_over {
                return;
            }
            assert!(self.stats.events < 5_000_000, "a schedule that does not end");
        }
    }

    pub fn end(&mut self) {
        self.is_over = true;
    }

    pub fn push(&mut self, after: u64, event: Event) {
        self.count += 1;
        self.queue.push(Reverse(Queued { at: self.now + after, count: self.count, event }));
    }

    /// To this process of the server, if it lives then.
    pub fn step(&mut self, server: usize, after: u64, step: Step) {
        let process = self.servers[server].process;
        self.push(after, Event::Server { server, process, step });
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Start { server } => self.start(server),
            Event::Server { server, process, step } => self.at_server(server, process, step),
            Event::Arrive { server, process, op, request } => {
                if self.is_reachable(server) {
                    self.at_store(server, process, op, request);
                }
            }
            Event::Write { server, process, op, request, snapshot } => {
                let answer = self.write(request, snapshot);
                self.aim_at_written(server);
                if let Some(answer) = answer {
                    self.reply(server, process, op, answer, 0);
                }
            }
            Event::Fault(fault) => self.fault(fault),
            Event::Make { key } => {
                let mark = self.mark();
                let is_new = self.made & bit(key) == 0;
                self.made |= bit(key);
                if is_new && self.store.change(key, true, mark) {
                    self.note(|| format!("store: key {key} is made"));
                    self.notify_all(Step::Changed);
                }
            }
            Event::Ask { key } => self.ask(key),
            Event::Accept { server } => self.accept(server),
            Event::Calm { round } => self.calm(round),
        }
    }

    fn at_server(&mut self, server: usize, process: u32, step: Step) {
        let at = &self.servers[server];
        if !at.is_up || at.process != process {
            return;
        }
        if self.now < at.paused_until {
            // After a pause, what had gathered comes in any order.
            let after = at.paused_until - self.now + self.dice.between(0, 2 * MILLI);
            self.push(after, Event::Server { server, process, step });
            return;
        }
        let crash = if self.has_faults() { self.plan.crash } else { 0.0 };
        if self.dice.happens(crash) {
            self.crash(server);
            return;
        }
        self.take(server, step);
        self.check(server);
        if self.dice.happens(crash) {
            self.crash(server);
        }
    }

    pub fn has_faults(&self) -> bool {
        self.plan.has_faults && self.now < self.plan.busy()
    }

    pub fn mark(&mut self) -> i64 {
        self.dice.number().cast_signed()
    }

    pub fn boot_id(&mut self) -> BootId {
        BootId(u128::from(self.dice.number()))
    }

    /// What the process reads, by which everything is decided.
    pub fn clock(&self, server: usize) -> Boottime {
        let server = &self.servers[server];
        let now = self.now.cast_signed();
        let micros = if self.variant == Variant::WallClock {
            10_000 * SECOND.cast_signed() + now + server.wall
        } else {
            server.booted + now + now * server.drift / 1_000_000
        };
        Boottime::new(Duration::from_micros(micros.max(0).cast_unsigned()))
    }

    /// After so long by the server's own clock.
    pub fn by_clock(&self, server: usize, duration: Duration) -> u64 {
        let rate = (1_000_000 + self.servers[server].drift).cast_unsigned();
        micros(duration) * 1_000_000 / rate + 1
    }

    pub fn violate(&mut self, kind: Kind, what: String) {
        self.note(|| format!("VIOLATION {kind:?}: {what}"));
        self.violation.get_or_insert(Violation { kind, what });
    }

    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>12.6} {}", Duration::from_micros(now).as_secs_f64(), what()));
        }
    }
}
