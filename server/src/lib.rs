//! Keyward: named API keys that authenticate external callers, in one server.
//!
//! | module | what |
//! |---|---|
//! | [`http`] | what knows HTTP and no noun: connections, routes, extractors, errors |
//! | [`access`] | who may do what, and whether they still may when a change commits |
//! | [`keys`] | the keys: made, stored, cached, verified |
//! | [`session`] | people: set-up, sign-in, sessions |
//! | [`users`] | accounts and their roles, invitations, recovery |
//! | [`settings`] | the table the keys live in, guarded by type |
//! | [`secrets`] | third-party secrets: added, read, changed |
//! | [`providers`] | the keys of providers and models: entered, resolved |
//! | [`encryption`] | the root key, data keys, sealing, rotation |
//! | [`audit`] | who did what, in a chain that shows changes |
//! | [`replicas`] | this server as one of several: when it may accept keys, and when a change is in effect on all |
//! | [`overview`] | what a person sees first |
//! | [`backup`] | everything that is stored in one file, and back into an empty store |
//! | [`watermark`] | what a machine has seen of the store, against restored backups |
//! | [`doctor`] | whether an installation is as it should be |
//! | [`authenticity`] | rows that carry authority, and which there are |
//! | [`config`] [`state`] [`serve`] | what the operator decides, what is shared, start and stop |
//! | [`cli`] | the commands of the program |
//! | [`database`] [`background`] [`batch`] [`buckets`] [`clock`] [`hardening`] [`joined`] [`log`] [`metrics`] [`numbers`] [`printable`] [`recent`] [`stdout`] | the ground: one idea each |
//!
//! In a folder, `handlers` may know HTTP, `store` and `entity` may know SQL, and the other files
//! know neither. What carries the security weight is in the crate `keyward-core`, what crosses the
//! wire in `keyward-api`, the schema in `keyward-migration`.

pub mod access;
pub mod audit;
pub mod authenticity;
pub mod background;
pub mod backup;
pub mod batch;
pub mod buckets;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod doctor;
pub mod encryption;
pub mod hardening;
pub mod http;
pub mod joined;
pub mod keys;
pub mod log;
pub mod metrics;
pub mod numbers;
pub mod oidc;
pub mod overview;
pub mod printable;
pub mod providers;
pub mod recent;
pub mod replicas;
pub mod secrets;
pub mod serve;
pub mod session;
pub mod settings;
pub mod state;
pub mod stdout;
pub mod users;
pub mod watermark;

pub use http::router::{build, build_metrics};
