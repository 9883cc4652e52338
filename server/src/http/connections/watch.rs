use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::task::AtomicWaker;

use super::limits::Limits;
use super::phase::{Phase, Seen, State};

#[derive(Debug, Default)]
pub struct Shared {
    /// Milliseconds since the server started, as of the last sweep: reading the clock for
    /// each change of a phase would cost more than the change.
    pub now: AtomicU64,
    /// Whether connections end with the request that they are in.
    pub is_stopping: AtomicBool,
}

/// One connection, as its task and the sweep see it.
pub struct Watch {
    state: State,
    number: u64,
    task: AtomicWaker,
    shared: Arc<Shared>,
}

impl Watch {
    pub fn new(shared: Arc<Shared>, number: u64) -> Self {
        let state = State::new(shared.now.load(Ordering::Relaxed));
        Self { state, number, task: AtomicWaker::new(), shared }
    }

    pub fn tell<T>(&self, change: impl FnOnce(&State, u64) -> T) -> T {
        change(&self.state, self.shared.now.load(Ordering::Relaxed))
    }

    /// Closes it if it waits longer than the limits allow. `slack` is how old the time in
    /// [`Shared`] may be.
    pub fn close_overdue(&self, limits: &Limits, slack: u64) -> bool {
        let seen = self.state.seen();
        let limit = match seen.phase() {
            Phase::Waiting => limits.idle,
            Phase::Reading => limits.head,
            Phase::Stalled | Phase::Answered => limits.stall,
            Phase::Serving | Phase::Closed => return false,
        };
        u128::from(self.age(seen)) > limit.as_millis() + u128::from(slack) && self.close(seen)
    }

    /// In which order it goes when another one wants its place, the oldest of each kind first,
    /// and what it is now; nothing while it is needed. Times are those of sweeps, so that many
    /// are alike; of those the first that was accepted goes first.
    pub fn rank(&self, limits: &Limits) -> Option<([u64; 3], Seen)> {
        let seen = self.state.seen();
        let is_slow = || u128::from(self.age(seen)) > limits.stall.as_millis() / 4;
        let kind = match seen.phase() {
            Phase::Waiting => 0,
            Phase::Reading => 1,
            Phase::Stalled | Phase::Answered if is_slow() => 2,
            _ => return None,
        };
        Some(([kind, seen.since(), self.number], seen))
    }

    /// Closes it unless it has moved on since it was `seen`.
    pub fn close(&self, seen: Seen) -> bool {
        let is_closed = self.state.close(seen);
        if is_closed {
            self.task.wake();
        }
        is_closed
    }

    /// Wakes the task, so that it sees that the server stops.
    pub fn wake(&self) {
        self.task.wake();
    }

    /// What the task must do before anything else. It is woken when that changes.
    pub fn order(&self, task: &std::task::Waker) -> Order {
        // Registered before it looks, so that no change is missed.
        self.task.register(task);
        match self.state.seen().phase() {
            Phase::Closed => Order::Close,
            _ if self.shared.is_stopping.load(Ordering::Acquire) => Order::Finish,
            _ => Order::GoOn,
        }
    }

    fn age(&self, seen: Seen) -> u64 {
        self.shared.now.load(Ordering::Relaxed).saturating_sub(seen.since())
    }
}

/// What is wanted of the task of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    GoOn,
    /// To serve the request it is in, and no other.
    Finish,
    /// To end at once.
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> (Arc<Shared>, impl Fn(u64)) {
        let shared = Arc::new(Shared::default());
        let clock = shared.clone();
        (shared, move |now| clock.now.store(now, Ordering::Relaxed))
    }

    #[test]
    fn idle_connections_go_first_then_heads_then_answers_that_nobody_takes() {
        let ((shared, set_time), limits) = (shared(), Limits::for_files(1_024));
        // The later ones of this list were accepted first.
        let watches = [6, 5, 4, 3, 2, 1, 0].map(|number| Watch::new(shared.clone(), number));
        let [_, used, head, later_head, stalled, answered, serving] = &watches;
        set_time(1_000);
        head.tell(State::received);
        for watch in [used, stalled, answered, serving] {
            assert!(watch.tell(State::called));
        }
        stalled.tell(State::blocked);
        answered.tell(State::answered);
        used.tell(State::answered);
        used.tell(State::flushed);
        set_time(2_000);
        later_head.tell(State::received);
        let order = || {
            let ranks = watches.iter().filter_map(|watch| Some(watch.rank(&limits)?.0));
            let mut ranks: Vec<_> = ranks.collect();
            ranks.sort_unstable();
            ranks.into_iter().map(|[.., number]| number).collect::<Vec<_>>()
        };
        // An answer counts when it waits for a quarter of its limit, 30 s; of two that wait
        // since the same sweep, the first that was accepted. One that is served never goes.
        set_time(8_500);
        assert_eq!(order(), [6, 5, 4, 3]);
        set_time(8_501);
        assert_eq!(order(), [6, 5, 4, 3, 1, 2]);
    }

    #[test]
    fn each_phase_has_its_limit_and_serving_has_none() {
        let ((shared, set_time), limits) = (shared(), Limits::for_files(1_024));
        let watches = [0, 1, 2, 3, 4].map(|number| Watch::new(shared.clone(), number));
        let [silent, head, stalled, answered, serving] = &watches;
        head.tell(State::received);
        for watch in [stalled, answered, serving] {
            assert!(watch.tell(State::called));
        }
        stalled.tell(State::blocked);
        answered.tell(State::answered);
        for (watch, seconds) in [(head, 10), (stalled, 30), (answered, 30), (silent, 60)] {
            // The time is that of a sweep, and may be older by the slack.
            set_time(seconds * 1_000 + 250);
            assert!(!watch.close_overdue(&limits, 250), "{seconds}");
            set_time(seconds * 1_000 + 251);
            assert!(watch.close_overdue(&limits, 250), "{seconds}");
        }
        set_time(u64::from(u32::MAX));
        assert!(!serving.close_overdue(&limits, 250));
    }
}
