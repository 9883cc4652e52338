//! The secrets.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the list, the one value that is shown, and what may be done |
//! | [`section`], [`row`] | what is on the page |
//! | [`form`], [`delete`] | the dialogs |

pub mod delete;
pub mod form;
pub mod row;
pub mod section;
pub mod store;
