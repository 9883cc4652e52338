//! PgBouncer in transaction mode, before the PostgreSQL of the tests.

use url::Url;

use super::helper::Helper;
use super::{Backend, TestDatabase};

const URL: &str = "KEYWARD_TEST_POSTGRES_URL";

/// Runs as long as this lives.
pub struct Pooler {
    _process: Helper,
}

impl Pooler {
    /// With this more in its configuration, and an empty database behind it.
    pub async fn start(settings: &str) -> (Self, TestDatabase) {
        let mut database = TestDatabase::new(Backend::Postgres).await;
        let variables = [("KEYWARD_TEST_PGBOUNCER", settings)];
        let mut process = Helper::start("with-pgbouncer", &variables, &[URL]);
        let port = Url::parse(&process.line()).unwrap().port();
        let mut url = Url::parse(&database.url).unwrap();
        url.set_port(port).unwrap();
        database.url = url.into();
        (Self { _process: process }, database)
    }
}
