//! Every reader of bytes that come from outside, with bytes that are nearly right: seeds of each
//! form, cut, doubled, exchanged and spliced at random. No reader may panic, and what it takes
//! must hold what its type promises.
//!
//! Run: `make fuzz` (`PROPTEST_CASES=1000` for fewer). A failure prints the smallest input.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod bytes;
mod credentials;
mod requests;
mod stored;
