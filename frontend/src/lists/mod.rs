//! Lists that are fetched page by page: the server searches, filters, sorts and counts. Filters
//! and cursor are in the address.
//!
//! | module | what |
//! |---|---|
//! | [`listing`], [`key_in_text`] | pure: from an address to a request, and back, without any key |
//! | [`store`], [`address`], [`changes`] | fetching a page, what the address says of it, changing its rows |
//! | [`section`] | the frame and the states of a list |
//! | [`toolbar`], [`pager`] | above a list and below it |

pub mod address;
pub mod changes;
pub mod key_in_text;
pub mod listing;
pub mod pager;
pub mod section;
pub mod store;
pub mod toolbar;
