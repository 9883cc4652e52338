//! Forward auth: a proxy asks before it lets a request through. One tower layer,
//! [`ForwardAuthLayer`], answers all forms in which proxies ask, and leaves other requests to the
//! service in it:
//!
//! | proxy | asks | reports of the client's request |
//! |---|---|---|
//! | Traefik, Caddy, HAProxy | `/api/verify` | `X-Forwarded-Method`, `-Uri`, `-Host`, `-For` |
//! | nginx `auth_request` | `/api/verify` | these, or `X-Original-URI` and `X-Original-Method` |
//! | Envoy `ext_authz` | `/api/verify/envoy/` and the client's path, with its method | `X-Forwarded-For` |
//!
//! In order:
//!
//! 1. The key is in `x-api-key`, in `Authorization: Bearer` (or `ApiKey`) unless that is
//!    switched off, or in the password of `Authorization: Basic` if that is switched on; two at
//!    once are 401, since two parties could each believe in another one.
//! 2. The [`Authenticator`](super::authenticator::Authenticator) verifies the key.
//! 3. Each scope that is asked for must be granted: by `?scope=` (never in the form for
//!    Envoy, where the query is the client's own), or by the header `X-Keyward-Scope`. More
//!    scopes only ever refuse more, so it does no harm if the client sends that header.
//! 4. Allowed is 200, with all identity headers always, so that a proxy which copies them
//!    overwrites forged ones.
//!
//! What a proxy reports of the client's request is believed from trusted proxies only. It decides
//! nothing but the address of the client; the rest is for the log.

mod answer;
mod layer;
mod question;
mod service;

pub use answer::{X_KEYWARD_KEY_ID, X_KEYWARD_KEY_NAME, X_KEYWARD_SCOPES};
pub use layer::ForwardAuthLayer;
pub use question::X_KEYWARD_SCOPE;
pub use service::{ForwardAuth, ForwardAuthConfig, ForwardAuthService};
