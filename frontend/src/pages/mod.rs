//! Lists that are fetched page by page: the server searches, filters, sorts and counts. Filters
//! and cursor are in the address.
//!
//! | module | what |
//! |---|---|
//! | [`listing`] | pure: from an address to a request_path to the server, and back |
//! | [`store`], [`changes`] | the page that is shown, fetching for it, and changing its rows |
//! | [`view`] | the states of a list |
//! | [`toolbar`], [`pager`] | above a list and below it |

pub mod changes;
pub mod listing;
pub mod pager;
pub mod store;
pub mod toolbar;
pub mod view;
