//! This server as one of several on a store: when it may accept keys, and when a change that takes
//! authority away is in effect everywhere. The rules are those of [`keyward_core::lease`]; here are
//! the store and the clock. On SQLite there is one server, and none of this.
//!
//! | module | what |
//! |---|---|
//! | [`lease`] | until when keys may be accepted, as verifications read it |
//! | [`session`] | a connection of its own, so that no queue delays a renewal |
//! | `statements` | what the store is asked |
//! | [`terms`] | how long leases are, the same for all servers of a store |
//! | [`membership`] | what this server knows, and until when it accepts keys |
//! | `joining`, `staying` | how it joins and renews; how it follows, acknowledges and leaves |
//! | [`listen`] | notifications, which only hurry |
//! | [`acknowledge`] | waiting until a change is in effect everywhere |
//! | `peers` | the other servers, as far as this one sees them live |
//! | `servers` | by how many a limit is shared |
//! | [`list`] | the servers, for people |
//! | [`handlers`], [`permissions`] | `GET /api/admin/replicas` |
//!
//! The rows of `replicas` have no mac. Somebody who writes to the database may make a revocation
//! be answered while another server still has a lease, which ends after T + D: each server renews
//! only with all changes applied, and those are authenticated.

pub mod acknowledge;
pub mod handlers;
mod joining;
pub mod lease;
pub mod list;
pub mod listen;
pub mod membership;
mod peers;
pub mod permissions;
mod servers;
pub mod session;
mod statements;
mod staying;
pub mod terms;

pub use lease::Lease;
pub use membership::Membership;
pub use servers::Servers;
