//! Keyward: named API keys that authenticate external callers, in one server.
//!
//! | module | what |
//! |---|---|
//! | [`router`] | the one route table and the one layer stack |
//! | [`keys`] | the keys: made, stored, cached, verified |
//! | [`session`] | people: set-up, sign-in, sessions |
//! | [`settings`] | the table the keys live in, guarded by type |
//! | [`encryption`] | the root key |
//! | [`layers`] | tower layers without a database |
//! | [`config`] [`state`] [`error`] [`extract`] [`clock`] [`assets`] [`database`] [`background`] [`health`] [`openapi`] | one idea each |
//! | [`cli`] | the commands of the program |
//!
//! In a folder, `handlers` may know HTTP, `store` and `entity` may know SQL, and the other
//! files (`token`, `cache`, `verify`, `kek`) know neither and carry the security weight.
//! What crosses the wire is in the crate `keyward-api`, the schema in
//! `keyward-migration`.

pub mod assets;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod encryption;
pub mod error;
pub mod extract;
pub mod health;
pub mod keys;
pub mod layers;
pub mod openapi;
pub mod router;
pub mod serve;
pub mod session;
pub mod settings;
pub mod state;

pub use router::build;
