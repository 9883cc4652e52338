//! Who did what: a log that is written in the transaction of the action and that shows
//! when it was changed afterwards.
//!
//! [`event`] says what happened, [`chain`] ties entries together (pure), [`store`] appends
//! and reads, [`log`] is what the rest of the server holds, [`folding`] keeps floods of
//! refusals small, [`handlers`] speak HTTP.

pub mod chain;
pub mod entity;
pub mod event;
pub mod folding;
pub mod handlers;
pub mod log;
pub mod store;

pub use event::{Action, Actor, Event, Origin};
pub use log::AuditLog;
