//! The audit log: written, read, checked, closed.

mod breaks;
mod handover;
mod log;
mod reading;
mod retention;
