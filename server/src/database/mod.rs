//! The database: how it is opened ([`connect`]), and how it is read and written in transactions
//! ([`transaction`]).

pub mod connect;
pub mod transaction;

pub use connect::{ROWS_ON_THEIR_WAY, connect, missing_file};
pub use transaction::{Turn, begin_read, begin_turn, begin_write, migrate, try_begin_turn};
