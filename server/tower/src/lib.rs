//! A tower layer for axum, or any other service of tower and `http`, that lets a request pass
//! when Keyward says that its API key is good.
//!
//! For back ends without a proxy in front that asks (forward auth). The back end needs a key of
//! its own with the scope `keys:verify`, and asks with it for every request. It depends on this
//! crate by `git` or `path`.
//!
//! ```no_run
//! use axum::{Extension, Router, routing::get};
//! use keyward_tower::{Caller, KeywardLayer};
//!
//! async fn orders(Extension(caller): Extension<Caller>) -> String {
//!     format!("Hello, {}", caller.name)
//! }
//!
//! # fn app(key: &str) -> Result<Router, keyward_tower::ConfigError> {
//! let keyward = KeywardLayer::new("http://127.0.0.1:8080", key)?;
//! let reading = keyward.clone().with_scope("orders:read")?;
//! let app = Router::new().route("/orders", get(orders)).layer(reading);
//! # Ok(app)
//! # }
//! ```
//!
//! # Rules
//!
//! In order; the first that applies decides. A refusal is a response, `application/problem+json`
//! as Keyward's own, and never an error of the service.
//!
//! 1. Not exactly one `x-api-key` header, or one that cannot be a key (see [`header`]): 401,
//!    and Keyward is not asked.
//! 2. Keyward does not answer within the timeout, answers with anything but a verdict, or
//!    refuses the key of the back end: 503, with the reason in the log ([`tracing`]).
//! 3. The key is unknown, expired or disabled: 401, the same as for rule 1, so that nobody
//!    learns which.
//! 4. The key is not accepted from the address of the caller: 403.
//! 5. The key was used too often: 429. Keyward does not tell a back end for how long.
//! 6. The key lacks the scope of [`KeywardLayer::with_scope`]: 403.
//! 7. Otherwise a [`Caller`] is put into the extensions of the request, its `x-api-key` is
//!    taken out, and the inner service is called. The key goes no further because the service
//!    needs to know who calls, not how to call in the same name; what it does not have it can
//!    neither log nor pass on.
//!
//! Nothing is kept from one request to the next: a key that was revoked is refused at once. The
//! price is one question for each request, over connections that stay open.
//!
//! # Addresses
//!
//! A key that is accepted from some networks only is refused unless Keyward knows where its
//! caller is; see [`KeywardLayer::with_address`].
//!
//! # HTTPS
//!
//! This crate chooses no implementation of TLS. When Keyward is behind `https`, choose one by a
//! dependency on the same version of `reqwest`, e.g. with its feature `rustls`; without one,
//! every request is answered with 503. Redirects are not followed and proxies of the environment
//! not used: either would see the keys.
//!
//! # Modules
//!
//! In the order in which a request meets them: `layer` (what is configured), `service` (takes the key
//! out of the request), `question` (asks Keyward), `verdict` (decides by the answer; pure), `future`
//! (waits for that, then calls the inner service), `refusal` (what a refusal looks like).

#![warn(missing_docs)]

mod future;
mod layer;
mod question;
mod refusal;
mod service;
#[cfg(test)]
mod tests;
mod verdict;

pub use keyward_api::scopes::{ScopeError, Scopes};
pub use keyward_client::header;

pub use future::ResponseFuture;
pub use layer::{ConfigError, KeywardLayer};
pub use question::ClientAddress;
pub use service::KeywardService;
pub use verdict::Caller;
