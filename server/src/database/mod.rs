//! The database.
//!
//! | module | what |
//! |---|---|
//! | [`address`] | what `DATABASE_URL` says |
//! | [`connect`](mod@connect) | opening, and waiting for a server that is not there yet |
//! | [`error`], [`store_error`] | why a store cannot be opened; why it did not do something |
//! | [`connection`] | one statement, with and without a pooler in between |
//! | [`transaction`] | several statements, and the turns that processes take |
//! | [`names`] | lists by name |
//! | `readable` | rows that somebody else may have written |
//! | `release` | in what state a connection goes back to the pool |
//! | [`schema`] | bringing the tables up to date |

pub mod address;
pub mod connect;
pub mod connection;
pub mod error;
pub mod names;
mod readable;
mod release;
pub mod schema;
pub mod store_error;
pub mod transaction;

pub use address::Address;
pub use connect::{Opening, ROWS_ON_THEIR_WAY, beside, connect};
pub use connection::{DatabaseConnection, OutsidePool};
pub use error::{OpenError, of_driver};
pub use readable::readable;
pub use schema::migrate;
pub use store_error::{Refusal, ServiceError, StoreError};
pub use transaction::{
    AdvisoryLock, begin_locked, begin_read, begin_write, commit, lock, try_begin_locked,
};
