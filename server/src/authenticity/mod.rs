//! Anyone who can write to the database, but does not have the root key, gains nothing by it.
//!
//! Threat: somebody with every right on the database inserts a key, changes what a row allows,
//! or puts an old row back.
//!
//! 1. A row that carries authority has a mac over every column that decides anything:
//!    [`keyward_core::row`].
//!    It is checked wherever the row is used.
//! 2. Rows that are accepted by being there are a set, whose sum is kept under a mac of its own
//!    and brought forward by each change: [`keyward_core::set`]. A row that is taken out, or one of an
//!    earlier day that is put back, does not add up. [`store`] has the queries.
//! 3. Which tables and columns that are is listed in [`tables`]; [`check`] looks at all of them,
//!    and [`sign`] makes their macs where there are none yet.
//!
//! The macs are made with the key for rows, which is stored only wrapped under the root key.

pub mod check;
pub mod scan;
pub mod sign;
pub mod store;
pub mod tables;
