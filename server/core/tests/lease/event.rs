//! What happens in a schedule, in its order, and what is counted of it.

use crate::server::Step;
use crate::store::{Request, Snapshot};

/// A fault that was chosen.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Pause(usize, u64),
    Crash(usize),
    Cut(usize, u64),
    StoreAway(u64),
    ServerClock(usize, i64),
    StoreClock(i64),
    FailOver(usize),
    Prune(i64),
    Leave(usize),
}

#[derive(Debug)]
pub enum Event {
    Start {
        server: usize,
    },
    /// At a server, in the process that has this number.
    Server {
        server: usize,
        process: u32,
        step: Step,
    },
    /// At the store.
    Arrive {
        server: usize,
        process: u32,
        op: u64,
        request: Request,
    },
    Write {
        server: usize,
        process: u32,
        op: u64,
        request: Request,
        snapshot: Snapshot,
    },
    Fault(Fault),
    Make {
        key: u8,
    },
    /// Somebody asks a server to revoke a key.
    Ask {
        key: u8,
    },
    /// An operator accepts the store.
    Accept {
        server: usize,
    },
    /// After the faults.
    Calm {
        round: u32,
    },
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    pub schedules: u64,
    pub events: u64,
    pub verdicts: u64,
    pub accepted: u64,
    pub answers: u64,
    pub waited_out: u64,
    pub failovers: u64,
    pub refused: u64,
}

impl std::ops::AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.schedules += 1.max(other.schedules);
        self.events += other.events;
        self.verdicts += other.verdicts;
        self.accepted += other.accepted;
        self.answers += other.answers;
        self.waited_out += other.waited_out;
        self.failovers += other.failovers;
        self.refused += other.refused;
    }
}

pub struct Queued {
    pub at: u64,
    /// Events of one time come in the order in which they were made.
    pub count: u64,
    pub event: Event,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.count).cmp(&(other.at, other.count))
    }
}
