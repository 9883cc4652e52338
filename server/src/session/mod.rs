//! People: the first one ([`setup`]), their passwords ([`password`]), how often they may
//! guess ([`limit`]) and where they signed in before ([`browser`]), and the sessions they sign
//! in to ([`sessions`], [`cookie`]), all of them a set of rows ([`people`]). [`sign_in`] is what the
//! [`handlers`] need.

pub mod browser;
pub mod cookie;
pub mod entity;
pub mod handlers;
pub mod limit;
pub mod password;
pub mod people;
pub mod seen;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod store;
