//! The audit log.
//!
//! | module | what |
//! |---|---|
//! | [`filter`] | pure: what can be looked for |
//! | [`verification`] | the answer about the chain |
//! | [`store`] | one page of the log, and whether all of it is as it was written |
//! | [`page`], [`filters`], [`chain`], [`row`] | what is on the page |

pub mod chain;
pub mod filter;
pub mod filters;
pub mod page;
pub mod row;
pub mod store;
pub mod verification;
