//! Single sign-on by OpenID Connect (Core 1.0), with one provider: authorization code flow, PKCE
//! (RFC 7636), state and nonce.
//!
//! | module | what |
//! |---|---|
//! | [`handlers`] | where the browser begins, and where it comes back |
//! | [`flow`] | what the browser carries in between, sealed |
//! | [`provider`] | what is known of the provider, and its address to go to |
//! | `protocol` | the types of the library, as they are used here |
//! | [`exchange`] | a code becomes an [`Identity`](claims::Identity), verified |
//! | [`claims`], [`roles`] | what the provider says of a person; pure |
//! | [`decision`] | which account that is, if any; pure |
//! | [`accounts`], [`store`] | the same in one transaction, with the session |
//! | [`refusal`] | why not: one code for the page, one sentence for the log |
//! | [`http`] | requests to the provider |

pub mod accounts;
pub mod claims;
pub mod decision;
pub mod exchange;
pub mod flow;
pub mod handlers;
pub mod http;
mod protocol;
pub mod provider;
pub mod refusal;
pub mod roles;
pub mod store;
#[cfg(test)]
mod tests;
