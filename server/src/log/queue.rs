//! Lines on their way to stderr, and the thread that writes them.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Write};
use std::mem;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use rustix::stdio::stderr;

use crate::printable;
use crate::stdout::was_closed;

/// What may wait to be written, in bytes. As much again may be in the hands of the thread.
const LIMIT: usize = 4 * 1024 * 1024;

/// How long a process waits at its end for lines to be written.
pub const FLUSH: Duration = Duration::from_millis(500);

/// How long to wait when stderr is in non-blocking mode and takes nothing.
const RETRY: Duration = Duration::from_millis(10);

static STDERR: LazyLock<Queue> = LazyLock::new(|| Queue::new(open_stderr(), LIMIT));

/// Tells a person something, in one line on stderr.
pub fn say(text: &str) {
    STDERR.push(&format!("{}\n", printable::line(text)));
}

/// Shows how far something is in place of what was shown before, when stderr is a terminal.
pub fn show_progress(text: &str) {
    if stderr().is_terminal() {
        // To the start of the line, whose rest is cleared.
        STDERR.push(&format!("\r{}\u{1b}[K", printable::line(text)));
    }
}

/// Puts whole lines of the log, as they are, on stderr.
pub(super) fn write_line(line: &str) {
    STDERR.push(line);
}

/// Waits until everything is written or dropped, at most for [`FLUSH`].
pub fn finish() {
    STDERR.finish(FLUSH);
}

/// Counts the lines that could not be written.
pub fn dropped() -> Counter {
    STDERR.shared.dropped.clone()
}

/// Another descriptor of stderr, without the lock and the panics of `std::io::stderr`.
/// `None`: there is no stderr.
fn open_stderr() -> Option<File> {
    if was_closed(stderr()) {
        return None;
    }
    stderr().try_clone_to_owned().ok().map(File::from)
}

struct Queue {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    dropped: Counter,
    limit: usize,
}

struct State {
    waiting: String,
    /// Whether the thread has lines that it took out of `waiting`.
    is_writing: bool,
    is_open: bool,
}

impl Queue {
    fn new(output: Option<impl Write + Send + 'static>, limit: usize) -> Self {
        let state = State { waiting: String::new(), is_writing: false, is_open: false };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { state, changed, dropped: Counter::default(), limit });
        if let Some(output) = output {
            let writer = shared.clone();
            let name = "log".to_owned();
            let started = thread::Builder::new().name(name).spawn(move || writer.run(output));
            shared.lock().is_open = started.is_ok();
        }
        Self { shared }
    }

    fn push(&self, lines: &str) {
        let Shared { changed, dropped, limit, .. } = &*self.shared;
        let mut state = self.shared.lock();
        if state.is_open && state.waiting.len() + lines.len() <= *limit {
            state.waiting.push_str(lines);
            changed.notify_all();
        } else {
            dropped.inc_by(count(lines.as_bytes()));
        }
    }

    fn finish(&self, limit: Duration) {
        let state = self.shared.lock();
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let _ = self.shared.changed.wait_timeout_while(state, limit, is_busy);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes, for as long as the process lives.
    fn run(&self, mut output: impl Write) {
        let mut lines = String::new();
        let mut is_torn = false;
        let mut reported = 0;
        loop {
            self.take(&mut lines);
            if is_torn && write(&mut output, b"\n") == 1 {
                is_torn = false;
            }
            let (bytes, written) = (lines.as_bytes(), write(&mut output, lines.as_bytes()));
            self.dropped.inc_by(count(&bytes[written..]));
            is_torn = if written == 0 { is_torn } else { bytes[written - 1] != b'\n' };
            let missing = self.dropped.get() - reported;
            if written == bytes.len() && missing > 0 {
                reported += missing;
                tracing::warn!(lines = missing, "lines of this log could not be written");
            }
            lines.clear();
        }
    }

    /// Gives back what was taken before, and waits for more.
    fn take(&self, lines: &mut String) {
        let mut state = self.lock();
        state.is_writing = false;
        self.changed.notify_all();
        let is_empty = |state: &mut State| state.waiting.is_empty();
        let waited = self.changed.wait_while(state, is_empty);
        state = waited.unwrap_or_else(PoisonError::into_inner);
        mem::swap(lines, &mut state.waiting);
        state.is_writing = true;
    }
}

/// How many bytes were written; all, unless it failed.
fn write(output: &mut impl Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match output.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(_) => break,
        }
    }
    written
}

fn count(lines: &[u8]) -> u64 {
    lines.split(|byte| *byte == b'\n').skip(1).count() as u64
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    /// Takes what the test lets it take: so many bytes, or an error for none.
    struct Gate {
        allowed: Receiver<usize>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.allowed.recv().unwrap_or(0) {
                0 => Err(ErrorKind::StorageFull.into()),
                allowed => {
                    let length = allowed.min(bytes.len());
                    self.taken.lock().unwrap().extend_from_slice(&bytes[..length]);
                    Ok(length)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated(limit: usize) -> (Queue, Sender<usize>, Arc<Mutex<Vec<u8>>>) {
        let (allow, allowed) = channel();
        let taken = Arc::<Mutex<Vec<u8>>>::default();
        let queue = Queue::new(Some(Gate { allowed, taken: taken.clone() }), limit);
        (queue, allow, taken)
    }

    fn text(taken: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(taken.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn lines_are_written_in_order_before_the_end() {
        let (queue, allow, taken) = gated(100);
        for line in ["one\n", "two\n", "three\n"] {
            queue.push(line);
        }
        for _ in 0..3 {
            allow.send(100).unwrap();
        }
        queue.finish(LONG);
        assert_eq!(text(&taken), "one\ntwo\nthree\n");
        assert_eq!(queue.shared.dropped.get(), 0);
    }

    #[test]
    fn a_reader_who_never_reads_stops_nobody_and_costs_the_lines_beyond_the_limit() {
        let (queue, allow, taken) = gated(8);
        queue.push("one\n");
        // The thread has it, and nothing is taken from there.
        while !queue.shared.lock().is_writing {
            thread::yield_now();
        }
        for line in ["two\n", "3\n", "4\n", "five\n"] {
            queue.push(line);
        }
        queue.finish(Duration::from_millis(1));
        assert_eq!((text(&taken).as_str(), queue.shared.dropped.get()), ("", 1));
        drop(allow);
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_the_next_one_begins_a_line() {
        let (queue, allow, taken) = gated(100);
        let push = |line: &str, allowed: &[usize]| {
            queue.push(line);
            for bytes in allowed {
                allow.send(*bytes).unwrap();
            }
            queue.finish(LONG);
        };
        push("one\n", &[100]);
        push("two\n", &[2, 0]);
        push("three\n", &[0, 0]);
        push("four\n", &[1, 100]);
        assert_eq!(text(&taken), "one\ntw\nfour\n");
        assert_eq!(queue.shared.dropped.get(), 2);
    }

    #[test]
    fn without_stderr_every_line_is_counted() {
        let queue = Queue::new(None::<File>, 100);
        queue.push("one\ntwo\n");
        queue.finish(LONG);
        assert_eq!(queue.shared.dropped.get(), 2);
    }
}
