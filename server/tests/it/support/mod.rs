//! A running server on a database of its own, and a client to talk to it.

mod app;
mod client;
mod cookies;
mod database;
pub mod earlier;
pub mod helper;
pub mod load;
pub mod people;
pub mod pooler;
pub mod program;
mod requests;
mod slow_request;
pub mod valve;

pub use app::{ADMIN, App, EMAIL, PASSWORD, ROOT_KEY};
pub use client::{Answer, Client};
pub use database::{Backend, TestDatabase};
pub use slow_request::SlowRequest;

/// Makes each of the named functions a test on SQLite and a test on PostgreSQL. They
/// take the [`Backend`].
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::support::Backend::Sqlite).await; }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() { super::$name($crate::support::Backend::Postgres).await; }
            )+
        }
    };
}
pub(crate) use on_both_databases;
