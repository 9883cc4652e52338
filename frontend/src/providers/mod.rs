//! The keys of providers and of their models.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the list, and what may be done to it |
//! | [`asked`] | what a dialog asks, in words |
//! | [`section`], [`card`] | what is on the page |
//! | [`draft`], [`form`], [`delete`] | the dialogs |
//! | [`which`] | the box that tells which key would be used |

pub mod asked;
pub mod card;
pub mod delete;
pub mod draft;
pub mod form;
pub mod section;
pub mod store;
pub mod which;
