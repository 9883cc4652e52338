//! What was changed in the database by others is refused and reported.

mod former_store;
mod rows;
mod store_check;
