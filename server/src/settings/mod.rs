//! The settings table. It holds rows of several types side by side, so every query names
//! the [`RowType`] it is for and touches no row of another.

mod entity;
mod store;

pub const TABLE: &str = "settings";

pub use entity::{Column, Entity, FoundRow, Model};
pub use store::{
    RowType, Use, delete, find, find_by_key, find_many, found_by_key, hold, insert, list,
    named_in_value, record_use, set_last_uses, start_overlap, stream, update, used_since,
};
