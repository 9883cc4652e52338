//! Keyward: named API keys that authenticate external callers, in one server.
//!
//! | module | what |
//! |---|---|
//! | [`entrance`] | where requests come in; forward auth is answered there |
//! | [`connections`] | accepts connections, limits how long they may wait and how many there are |
//! | [`router`] | the one route table and the one layer stack |
//! | [`keys`] | the keys: made, stored, cached, verified |
//! | [`session`] | people: set-up, sign-in, sessions |
//! | [`settings`] | the table the keys live in, guarded by type |
//! | [`secrets`] | third-party secrets: added, read, changed |
//! | [`providers`] | the keys of providers and models: entered, resolved |
//! | [`encryption`] | the root key, data keys, sealing, rotation |
//! | [`audit`] | who did what, in a chain that shows changes |
//! | [`authority`] | what authorised a request, asked again at the commit |
//! | [`scope`] | permission by session or by the scope of a key |
//! | [`layers`] | layers without a database: the `x-api-key` one, whole bodies |
//! | [`query`] | which query parameters each route takes |
//! | [`config`] [`state`] [`error`] [`extract`] [`clock`] [`assets`] [`database`] [`background`] [`batch`] [`buckets`] [`health`] [`hardening`] [`methods`] [`metrics`] [`openapi`] [`paging`] [`printable`] [`stdout`] | one idea each |
//! | [`log`] | the log and stderr, which may be full or closed |
//! | [`cli`] | the commands of the program |
//!
//! In a folder, `handlers` may know HTTP, `store` and `entity` may know SQL, and the other
//! files (`token`, `cache`, `verify`, `kek`, `seal`, `chain`, `resolve`) know neither and carry the
//! security weight.
//! What crosses the wire is in the crate `keyward-api`, the schema in
//! `keyward-migration`.

pub mod assets;
pub mod audit;
pub mod authenticity;
pub mod authority;
pub mod background;
pub mod batch;
pub mod buckets;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connections;
pub mod database;
pub mod encryption;
pub mod entrance;
pub mod error;
pub mod exposure;
pub mod extract;
pub mod hardening;
pub mod health;
pub mod keys;
pub mod layers;
pub mod log;
pub mod methods;
pub mod metrics;
pub mod openapi;
pub mod paging;
pub mod printable;
pub mod providers;
pub mod query;
pub mod recent;
pub mod router;
pub mod scope;
pub mod secrets;
pub mod serve;
pub mod session;
pub mod settings;
pub mod state;
pub mod stdout;

pub use router::{build, build_metrics};
