//! People: the first one ([`setup`]), their passwords ([`password`]), how often they may
//! guess ([`limit`]) and where they signed in before ([`browser`]), and the sessions they sign
//! in to ([`sessions`], [`cookie`]), all of them a set of rows ([`people`],
//! changed by [`change`]). What they change of their own
//! account is in [`account`] and [`own_sessions`]; codes beside the password are checked in
//! [`second_factor`] ([`totp`], [`recovery`]). [`sign_in`] is what the [`handlers`] need.

pub mod account;
pub mod browser;
pub mod change;
pub mod cookie;
pub mod device;
pub mod ending;
pub mod entity;
pub mod error;
pub mod handlers;
pub(crate) mod known;
pub mod limit;
pub mod own_sessions;
pub mod password;
pub mod people;
pub mod qr;
pub mod recovery;
pub mod second_factor;
pub mod seen;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod store;
pub mod totp;
