//! Everything that crosses the wire, in one place for the server and the page.
//!
//! | module | noun |
//! |---|---|
//! | [`keys`] | named API keys |
//! | [`key_list`] | how their list is filtered and ordered |
//! | [`verification`] | whether the key of another caller is good |
//! | [`scopes`] | what a key may do |
//! | [`limits`] | how often a key is accepted, how long a replaced one |
//! | [`secrets`] | third-party secrets |
//! | [`providers`] | credentials of providers and their models |
//! | [`provider_key`] | what such a credential may look like |
//! | [`encryption`] | data keys and their rotation |
//! | [`audit`] | the audit log |
//! | [`replicas`] | the servers of one store, and how far a change has come |
//! | [`overview`] | what a person sees first |
//! | [`session`] | first start, sign in, who am I |
//! | [`account`] | a person's own password, two-factor and sessions |
//! | [`users`], [`roles`] | people, invitations, and what each may do |
//! | [`store`] | what does not hold of what is stored |
//! | [`error`] | the one error body (RFC 9457) |
//! | [`data`] | the one success body |
//! | [`page`] | the success body of a list in parts |
//! | [`paths`], [`queries`] | every path of the API, and what may follow it |
//! | [`challenge`] | how a caller presents a key |
//! | [`sensitive`] | text that must not be printed |
//!
//! Input types validate when they are built (`TryFrom<String>`), so the form and the
//! server say the same sentence about the same mistake. The crate knows neither HTTP
//! nor a database and compiles to WASM.

#![warn(missing_docs)]

pub mod account;
mod action;
pub mod audit;
pub mod challenge;
mod characters;
pub mod data;
pub mod encryption;
pub mod error;
pub mod key_list;
mod key_name;
pub mod keys;
mod known_scopes;
pub mod limits;
pub mod overview;
pub mod page;
mod patch;
pub mod paths;
pub mod provider_key;
mod provider_names;
pub mod providers;
pub mod queries;
pub mod replicas;
pub mod roles;
pub mod scopes;
pub mod secrets;
pub mod sensitive;
pub mod session;
pub mod store;
pub mod users;
pub mod verification;

pub use data::Data;
pub use error::{FieldError, Problem};
pub use page::Page;
pub use replicas::Changed;
pub use sensitive::Sensitive;
