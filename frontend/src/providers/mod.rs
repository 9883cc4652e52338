//! The keys of providers and of their models.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | the list, and what may be done to it |
//! | [`dialog_request`] | which dialog is requested, and its words |
//! | [`section`], [`provider_card`] | what is on the page |
//! | [`draft`], [`form`], [`delete`] | the dialogs |
//! | [`resolve_preview`] | which key a program would get |

pub mod delete;
pub mod dialog_request;
pub mod draft;
pub mod form;
pub mod provider_card;
pub mod resolve_preview;
pub mod section;
pub mod store;
