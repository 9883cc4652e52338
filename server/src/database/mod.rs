//! The database: how it is opened ([`connect`]), and how it is read and written in transactions
//! ([`transaction`]), and in what state a connection goes back to the pool (`release`).

pub mod connect;
mod release;
pub mod transaction;

pub use connect::{ROWS_ON_THEIR_WAY, connect, missing_file};
pub use transaction::{Turn, begin_read, begin_turn, begin_write, migrate, try_begin_turn};
