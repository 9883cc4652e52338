//! Lists that are fetched page by page: the server searches, filters, sorts and counts. Filters
//! and cursor are in the address.
//!
//! | module | what |
//! |---|---|
//! | [`listing`] | pure: from an address to a request, and back |
//! | [`store`], [`changes`] | fetching a page, and changing its rows |
//! | [`section`] | the frame and the states of a list |
//! | [`toolbar`], [`pager`] | above a list and below it |

pub mod changes;
pub mod listing;
pub mod pager;
pub mod section;
pub mod store;
pub mod toolbar;
