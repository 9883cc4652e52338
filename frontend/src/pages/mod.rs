//! Lists that the server is asked for in pages: it searches, filters, sorts and counts. What
//! is looked for and where the page begins are in the address.
//!
//! | module | what |
//! |---|---|
//! | [`listing`] | pure: from an address to a question to the server, and back |
//! | [`store`], [`changes`] | the page that is shown, asking for it, and changing its rows |
//! | [`view`] | the states of a list |
//! | [`toolbar`], [`pager`] | what stands above a list and below it |

pub mod changes;
pub mod listing;
pub mod pager;
pub mod store;
pub mod toolbar;
pub mod view;
