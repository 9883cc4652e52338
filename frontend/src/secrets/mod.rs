//! The secrets.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the list, the one value that is shown, and what may be done |
//! | [`readers`] | who can read a secret, in words |
//! | [`section`], [`row`], [`under`] | what is on the page |
//! | [`details`], [`form`], [`delete`] | the dialogs |

pub mod delete;
pub mod details;
pub mod form;
pub mod readers;
pub mod row;
pub mod section;
pub mod store;
pub mod under;
