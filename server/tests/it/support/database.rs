//! An empty database for one test, gone when the test is over.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use keyward::config::DatabaseConfig;
use keyward::database::{self, DatabaseConnection, Opening};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub struct TestDatabase {
    pub backend: Backend,
    pub url: String,
    folder: Arc<Folder>,
}

/// Gone when nobody uses it any more.
struct Folder(PathBuf);

impl TestDatabase {
    pub async fn new(backend: Backend) -> Self {
        let name = format!("keyward_{}", Uuid::now_v7().simple());
        let folder = env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}/test.db", folder.display()),
            Backend::Postgres => {
                let db = connect(&server_url()).await;
                db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
                db.close().await.unwrap();
                let server = server_url();
                let (server, _) = server.rsplit_once('/').unwrap();
                format!("{server}/{name}")
            }
        };
        Self { backend, url, folder: Arc::new(Folder(folder)) }
    }

    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    /// A folder for the files of the test.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder.0
    }

    /// The database at this address, with the files of this one.
    pub fn at(&self, url: String) -> Self {
        let backend = if url.starts_with("sqlite") { Backend::Sqlite } else { Backend::Postgres };
        Self { backend, url, folder: self.folder.clone() }
    }

    /// Where servers keep what they have seen of it: beside a file they do by themselves.
    pub fn state_dir(&self) -> &std::path::Path {
        self.folder()
    }

    /// What a program needs beside the address.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        match self.backend {
            Backend::Sqlite => Vec::new(),
            Backend::Postgres => {
                vec![("KEYWARD_STATE_DIR", self.state_dir().display().to_string())]
            }
        }
    }

    /// The watermark, if there is one.
    pub fn watermark(&self) -> Option<PathBuf> {
        let files = std::fs::read_dir(self.state_dir()).unwrap().map(|found| found.unwrap().path());
        let mut files = files.filter(|file| file.extension().is_some_and(|it| it == "watermark"));
        let file = files.next();
        assert_eq!(files.next(), None, "one store has one");
        file
    }

    /// As on a machine that has not seen the store.
    pub fn forget_watermark(&self) {
        if let Some(file) = self.watermark() {
            std::fs::remove_file(file).unwrap();
        }
    }

    /// The same database for another server.
    pub fn shared(&self) -> Self {
        let Self { backend, url, folder } = self;
        Self { backend: *backend, url: url.clone(), folder: folder.clone() }
    }
}

async fn connect(url: &str) -> DatabaseConnection {
    database::connect(&DatabaseConfig::at(url.to_owned()), Opening::Store).await.unwrap()
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The PostgreSQL cluster as a whole ends with the tests.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn server_url() -> String {
    env::var("KEYWARD_TEST_POSTGRES_URL").expect(
        "no PostgreSQL: run the tests with `make test`, or under server/tests/with-postgres",
    )
}
