//! First start, signing in and out.
//!
//! | module | what |
//! |---|---|
//! | [`login`], [`attempt`], [`code_step`] | `/login` |
//! | [`setup`] | `/setup` |
//! | [`sso`] | the way to the identity provider, and what it answers in words |
//! | [`enter`] | whether the browser kept the cookie |
//! | [`link_token`] | the token of a link that lets somebody in |

pub mod attempt;
pub mod code_step;
pub mod enter;
pub mod link_token;
pub mod login;
pub mod setup;
pub mod sso;
