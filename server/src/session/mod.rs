//! People: the first one ([`setup`]), their passwords ([`password`]), how often they may
//! guess ([`limit`]) and where they signed in before ([`browser`]), and the sessions they sign
//! in to ([`store`], [`cookie`]), all of them a set of rows ([`people`]). A handler that takes an [`Admin`] runs for nobody else.

pub mod browser;
pub mod cookie;
pub mod entity;
pub mod handlers;
pub mod limit;
pub mod password;
pub mod people;
pub mod seen;
pub mod setup;
pub mod store;

pub use crate::access::admin::Admin;
