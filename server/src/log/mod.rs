//! The log and everything else on stderr.
//!
//! 1. Nothing waits for stderr: a line goes into a [`queue`] of bounded size, and a thread of
//!    its own writes it. A pipe that nobody reads stops that thread and nothing else.
//! 2. Nothing panics because of stderr: a line that cannot be written (full disk, closed
//!    pipe), or finds the queue full, is dropped and counted (`keyward_log_lines_dropped_total`).
//!    When lines can be written again, the log says how many are missing.
//! 3. A line that was cut off in the middle is not continued by the next one.
//! 4. Before the process ends, what waits is written, within [`FLUSH`].
//! 5. A line holds nothing that a terminal would obey ([`crate::printable`]).
//!
//! `println!` and its relatives panic when the stream is full, and block while nobody reads
//! it; `.clippy.toml` refuses them.

mod queue;
mod setup;

pub use queue::{FLUSH, dropped, finish, say, show_progress};
pub use setup::start;
