//! What a connection waits for and since when, in one word. The task of the connection moves
//! it from phase to phase; the sweep only ever closes it. Each change is a compare-exchange,
//! so that a request which has begun is not cut off, and one that was cut off never begins.
//! Pure.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The client's: the first byte of a request.
    Waiting,
    Reading,
    Serving,
    /// The client's: it takes nothing of an answer that goes on.
    Stalled,
    /// The client's: the rest of an answer that is complete here. Renewed by each write.
    Answered,
    Closed,
}

const PHASE_BITS: u32 = 3;

/// A phase and the milliseconds at which it began.
pub struct State(AtomicU64);

/// A value of [`State`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u64);

impl Seen {
    fn new(phase: Phase, since: u64) -> Self {
        Self(since << PHASE_BITS | phase as u64)
    }

    pub fn phase(self) -> Phase {
        const PHASES: [Phase; 5] =
            [Phase::Waiting, Phase::Reading, Phase::Serving, Phase::Stalled, Phase::Answered];
        let number = self.0 & ((1 << PHASE_BITS) - 1);
        PHASES.into_iter().find(|phase| *phase as u64 == number).unwrap_or(Phase::Closed)
    }

    pub fn since(self) -> u64 {
        self.0 >> PHASE_BITS
    }
}

impl State {
    pub fn new(now: u64) -> Self {
        Self(AtomicU64::new(Seen::new(Phase::Waiting, now).0))
    }

    pub fn seen(&self) -> Seen {
        Seen(self.0.load(Ordering::Acquire))
    }

    pub fn received(&self, now: u64) {
        self.go(now, |seen| (seen.phase() == Phase::Waiting).then_some(Phase::Reading));
    }

    /// A head is complete; whether its request may be served.
    pub fn called(&self, now: u64) -> bool {
        self.go(now, |seen| (seen.phase() != Phase::Closed).then_some(Phase::Serving))
    }

    /// The answer is complete, but not yet on its way.
    pub fn answered(&self, now: u64) {
        self.go(now, |seen| {
            matches!(seen.phase(), Phase::Serving | Phase::Stalled).then_some(Phase::Answered)
        });
    }

    pub fn wrote(&self, now: u64) {
        self.go(now, |seen| match seen.phase() {
            Phase::Stalled => Some(Phase::Serving),
            Phase::Answered if seen.since() < now => Some(Phase::Answered),
            _ => None,
        });
    }

    pub fn blocked(&self, now: u64) {
        self.go(now, |seen| (seen.phase() == Phase::Serving).then_some(Phase::Stalled));
    }

    /// Everything that was to be written is written.
    pub fn flushed(&self, now: u64) {
        self.go(now, |seen| (seen.phase() == Phase::Answered).then_some(Phase::Waiting));
    }

    /// Closes the connection, unless it has moved on since it was `seen`.
    pub fn close(&self, seen: Seen) -> bool {
        let closed = Seen::new(Phase::Closed, 0).0;
        self.0.compare_exchange(seen.0, closed, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn go(&self, now: u64, next: impl Fn(Seen) -> Option<Phase>) -> bool {
        let next = |word| Some(Seen::new(next(Seen(word))?, now).0);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: &State) -> (Phase, u64) {
        (state.seen().phase(), state.seen().since())
    }

    #[test]
    fn a_request_goes_through_its_phases_and_the_next_one_as_well() {
        let state = State::new(1);
        for start in [10, 20] {
            state.received(start);
            state.received(start + 1);
            assert_eq!(seen(&state), (Phase::Reading, start), "since its first byte");
            assert!(state.called(start + 2));
            state.flushed(start + 3);
            assert_eq!(seen(&state), (Phase::Serving, start + 2), "nothing is answered yet");
            state.answered(start + 4);
            state.flushed(start + 5);
            assert_eq!(seen(&state), (Phase::Waiting, start + 5));
        }
    }

    #[test]
    fn each_write_that_succeeds_ends_or_renews_the_wait_for_the_client() {
        let state = State::new(1);
        state.called(2);
        state.wrote(3);
        assert_eq!(seen(&state), (Phase::Serving, 2));
        state.blocked(4);
        state.blocked(5);
        assert_eq!(seen(&state), (Phase::Stalled, 4));
        state.wrote(6);
        assert_eq!(seen(&state), (Phase::Serving, 6));
        state.blocked(7);
        state.answered(8);
        state.blocked(9);
        assert_eq!(seen(&state), (Phase::Answered, 8));
        state.wrote(10);
        assert_eq!(seen(&state), (Phase::Answered, 10));
    }

    #[test]
    fn what_moved_on_is_not_closed_and_what_is_closed_never_serves() {
        let state = State::new(1);
        let before = state.seen();
        state.received(2);
        assert!(!state.close(before));
        assert!(state.close(state.seen()));
        for change in
            [State::received, State::answered, State::wrote, State::blocked, State::flushed]
        {
            change(&state, 3);
        }
        assert!(!state.called(3));
        assert_eq!(state.seen().phase(), Phase::Closed);
    }

    #[test]
    fn a_head_that_came_with_the_one_before_it_is_served_without_a_read() {
        let state = State::new(1);
        assert!(state.called(2));
        assert_eq!(seen(&state), (Phase::Serving, 2));
    }
}
