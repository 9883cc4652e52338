//! `/account`: what a person does with their own account.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | who is signed in, asked again after each change |
//! | [`page`] | what is on the page |
//! | [`password`], [`two_factor`], [`sso`], [`sessions`] | its sections |
//! | [`set_up_totp`], [`confirm`], [`recovery`] | the steps of two-factor |
//! | [`device`] | pure: a browser in words |

mod confirm;
mod device;
pub mod page;
mod password;
mod recovery;
mod sessions;
mod set_up_totp;
mod sso;
mod store;
mod two_factor;
