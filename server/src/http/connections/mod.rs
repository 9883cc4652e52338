//! The connections of the server: accepted, watched, and closed when they wait too long.
//!
//! 1. A request's head must be complete [`Limits::head`] after its first byte.
//! 2. A connection without a request is closed after [`Limits::idle`], also when it never
//!    sent one.
//! 3. A client that takes nothing of its answer is closed after [`Limits::stall`].
//! 4. At most [`Limits::connections`] are open. One more closes the oldest that wait for a
//!    request, then the oldest in the middle of a head, then those of rule 3 that are a
//!    quarter of the way there. A request that is being served is never cut off: while all
//!    are, new connections wait in the kernel's queue.
//! 5. An error of `accept` (no file left, a client that went away) ends nothing.
//!
//! Timers are one sweep over all connections a few times a second, not one in each of them:
//! hyper would make and cancel one for every request, and its own limit does not tell a
//! connection that is idle from one that drips a head. Rule 4 needs the table anyway.
//!
//! The threat is Slowloris (CWE-400): many sockets that cost the attacker nothing and hold
//! files and memory here. What a handler may take, the deadline of a body among it, is
//! decided in [`crate::http::router`]. HTTP/1.1 only: the proxies that ask speak it.

mod accept;
mod answer;
mod limits;
mod phase;
mod stream;
mod watch;

pub use accept::serve;
pub use limits::Limits;
