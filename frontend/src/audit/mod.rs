//! The audit log.
//!
//! | module | what |
//! |---|---|
//! | [`listing`] | pure: what can be looked for |
//! | [`sentence`] | pure: an entry in words |
//! | [`verification`] | the answer about the chain, in words |
//! | [`store`] | one page of the log, and whether all of it is as it was written |
//! | [`page`], [`toolbar`], [`chain`], [`row`] | what is on the page |

pub mod chain;
pub mod listing;
pub mod page;
pub mod row;
pub mod sentence;
pub mod store;
pub mod toolbar;
pub mod verification;
