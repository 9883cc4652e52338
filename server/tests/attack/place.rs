//! Where a store lives: a file, or a database of the PostgreSQL of the tests. An attack gets a
//! copy of a prepared one, which is gone when it is over.

use std::env;
use std::path::PathBuf;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database of its own.
pub struct Place {
    pub backend: Backend,
    pub url: String,
    name: String,
}

impl Place {
    /// An empty one.
    pub async fn new(backend: Backend) -> Self {
        Self::made(backend, "").await
    }

    /// A copy of this one, which nobody is connected to.
    pub async fn copy(&self) -> Self {
        let copy = Self::made(self.backend, &format!(" TEMPLATE {}", self.name)).await;
        if self.backend == Backend::Sqlite {
            std::fs::copy(self.file(), copy.file()).unwrap();
        }
        copy
    }

    async fn made(backend: Backend, template: &str) -> Self {
        let name = format!("keyward_attack_{}", Uuid::now_v7().simple());
        let mut place = Self { backend, url: String::new(), name };
        // What was seen of the store that was copied is not there: as on a new machine.
        std::fs::create_dir_all(place.folder()).unwrap();
        place.url = match backend {
            Backend::Sqlite => format!("sqlite://{}", place.file().display()),
            Backend::Postgres => {
                place.administer(&format!("CREATE DATABASE {}{template}", place.name)).await;
                let url = server_url();
                let (server, _) = url.rsplit_once('/').unwrap();
                format!("{server}/{}", place.name)
            }
        };
        place
    }

    /// A connection that no code of the product stands in between. It is one session, so that
    /// what is set in it holds for all statements.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    /// Writes everything into the one file that is copied.
    pub async fn settle(&self) {
        if self.backend == Backend::Sqlite {
            let db = self.connect().await;
            db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
            db.close().await.unwrap();
        }
    }

    /// Takes it away.
    pub async fn remove(self) {
        if self.backend == Backend::Postgres {
            self.administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
        }
        std::fs::remove_dir_all(self.folder()).unwrap();
    }

    /// For files, among them what a server has seen.
    pub fn folder(&self) -> PathBuf {
        // In memory where there is such a place: thousands of copies are written and synced.
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { env::temp_dir() };
        parent.join(&self.name)
    }

    fn file(&self) -> PathBuf {
        self.folder().join("store.db")
    }

    async fn administer(&self, statement: &str) {
        let db = connect(&server_url()).await;
        db.execute_unprepared(statement).await.unwrap();
        db.close().await.unwrap();
    }
}

async fn connect(url: &str) -> DatabaseConnection {
    let url = if url.starts_with("sqlite:") { format!("{url}?mode=rwc") } else { url.to_owned() };
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

fn server_url() -> String {
    env::var("KEYWARD_TEST_POSTGRES_URL")
        .expect("no PostgreSQL: run this with `make attack`, or under server/tests/with-postgres")
}
