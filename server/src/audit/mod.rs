//! Who did what: a log that is written in the transaction of the action and that shows
//! when it was changed afterwards.
//!
//! | module | what |
//! |---|---|
//! | [`event`] | what happened |
//! | `keyward_core::chain` | ties entries together |
//! | [`check`], [`breaks`], [`reason`] | pure: whether they still are, where not and why not |
//! | [`about_log`] | pure: what entries say about the log itself |
//! | [`store`], [`filter`], [`verify`] | appending, reading, reading all of it to check it |
//! | [`lookup`] | what is asked of it without reading all of it |
//! | [`log`] | what the rest of the server holds |
//! | [`acknowledge`] | breaks that somebody knows of |
//! | [`reader`] | the log, for those who may read it |
//! | [`refusals`] (`folded`), [`reading`] | keep floods of refusals and of readings small |
//! | [`retention`] | closes old entries |
//! | [`handlers`], [`answer`], [`export`], [`permissions`] | HTTP |

pub mod about_log;
pub mod acknowledge;
pub mod answer;
pub mod breaks;
pub mod check;
pub mod entity;
pub mod event;
pub mod export;
pub mod filter;
mod folded;
pub mod handlers;
pub mod log;
pub mod lookup;
pub mod permissions;
pub mod reader;
pub mod reading;
pub mod reason;
pub mod refusals;
pub mod retention;
pub mod sets;
pub mod store;
mod verify;

pub use event::{Actor, Event, Origin};
pub use keyward_api::audit::Action;
pub use log::AuditLog;
pub use reader::Reader;
pub use refusals::Refusals;
