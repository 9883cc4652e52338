//! What the list of the keys and their counts are answered from: a few columns of every key in
//! memory, beside the cache that verifications use, which neither waits for the other.
//!
//! [`table`] holds the columns in blocks, [`counts`] the numbers by status, which are kept and
//! never counted. A [`search`] walks the blocks for the keys of one page, a [`survey`] for what
//! may need a person ([`concern`]); both are done on the [`thread`] of low priority, so that no
//! list holds up a verification. What is then shown of a key is read from the database.
//!
//! The walk visits every key, at about 10 ns each: that serves each filter and order with
//! 150 bytes a key, where an ordered index for each pair of them would cost many times that,
//! and could not count what a search matches.

mod concern;
pub mod counts;
mod index;
pub mod search;
pub mod survey;
mod table;
pub mod thread;

#[cfg(test)]
mod tests;

pub use counts::KeyCounts;
pub use index::Listing;
pub use search::{Found, KeyFilter, KeyQuery};
pub use survey::{Concerned, Survey};
pub use thread::ListThread;
