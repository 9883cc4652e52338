//! What a machine keeps outside of the database, and what it says of a restored backup.

mod accept;
mod changes;
mod drills;
mod file;
mod machines;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward::keys::verification::Verification;
use keyward::settings::{Entity, Model, RowType};
use keyward::{database, settings};
use keyward_core::token::PlainKey;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::json;
use time::macros::datetime;

use crate::support::{App, Backend, TestDatabase};

/// Rows of one `INSERT`; `SQLite` takes 32 766 values in one.
const BATCH: usize = 2_000;

/// A copy of a database, from before keys were revoked.
struct Copy(PathBuf);

/// The file of SQLite, and what it keeps beside it: another process may have it open.
const FILES: [&str; 2] = ["", "-wal"];

impl TestDatabase {
    /// With so many keys, which the first start signs: their ids count up from 0.
    async fn with_keys(backend: Backend, number: usize) -> (Self, Vec<PlainKey>) {
        let database = Self::new(backend).await;
        let db = database.connect().await;
        database::migrate(&db).await.unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let keys = (0..number).map(|_| PlainKey::generate(&mut rng).unwrap());
        let keys: Vec<PlainKey> = keys.collect();
        for (n, batch) in keys.chunks(BATCH).enumerate() {
            let rows =
                batch.iter().zip(n * BATCH..).map(|(key, n)| row(key, n).into_active_model());
            Entity::insert_many(rows).exec_without_returning(&db).await.unwrap();
        }
        db.close().await.unwrap();
        (database, keys)
    }

    /// The watermark, which is there.
    fn seen(&self) -> PathBuf {
        self.watermark().expect("no watermark")
    }

    /// The file of the database.
    fn file(&self) -> PathBuf {
        self.url.strip_prefix("sqlite://").unwrap().into()
    }

    /// Copies what is stored, while no server runs: the file, or what `pg_dump` says.
    fn copy(&self) -> Copy {
        let copy = self.folder().join("copy");
        match self.backend {
            Backend::Sqlite => copy_files(&self.file(), &copy),
            Backend::Postgres => {
                let mut dump = Command::new("pg_dump");
                expect(dump.args(["--format=custom", "--file"]).arg(&copy).arg(&self.url));
            }
        }
        Copy(copy)
    }

    /// Puts an earlier copy in the place of the database.
    async fn put_back(&self, copy: &Copy) {
        self.wipe().await;
        match self.backend {
            Backend::Sqlite => copy_files(&copy.0, &self.file()),
            Backend::Postgres => {
                let mut restore = Command::new("pg_restore");
                expect(restore.arg("--dbname").arg(&self.url).arg(&copy.0));
            }
        }
    }

    /// An empty place where the database was.
    async fn wipe(&self) {
        match self.backend {
            Backend::Sqlite => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{suffix}", self.file().display()));
                }
            }
            Backend::Postgres => {
                let (server, name) = self.url.rsplit_once('/').unwrap();
                let mut other = self.shared();
                other.url = format!("{server}/postgres");
                let db = other.connect().await;
                for sql in ["DROP DATABASE $ WITH (FORCE)", "CREATE DATABASE $"] {
                    db.execute_unprepared(&sql.replace('$', name)).await.unwrap();
                }
                db.close().await.unwrap();
            }
        }
    }

    /// A start is refused; what it says.
    fn refused_start(&self) -> String {
        let (code, out, error) = self.run(&["serve"]);
        assert_eq!((code, out.as_str()), (78, ""), "{error}");
        error
    }

    /// Runs the program, which succeeds; what it prints.
    fn does(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {out}{error}");
        out + &error
    }
}

fn copy_files(from: &Path, to: &Path) {
    for suffix in FILES {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        let copied = fs::copy(name(from), name(to));
        assert!(suffix == "-wal" || copied.is_ok(), "{copied:?}");
    }
}

fn row(key: &PlainKey, n: usize) -> Model {
    let now = datetime!(2026-01-01 00:00 UTC);
    let value = json!({ "key_prefix": key.display_prefix(), "key_hash": key.digest().to_hex() });
    settings::Model {
        id: format!("{n:06}"),
        kind: RowType::ApiKey.as_str().to_owned(),
        key: format!("key {n}"),
        value: value.to_string(),
        created_at: now,
        updated_at: now,
        last_used_at: None,
        former_last_used_at: None,
        mac: None,
        last_used_address: None,
    }
}

fn expect(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// How many of these keys a server accepts, without the limits of an address.
fn accepted<'k>(app: &App, keys: impl IntoIterator<Item = &'k str>) -> usize {
    let authenticator = app.state.keys.authenticator();
    let verifier = authenticator.verifier();
    let is_good = |key: &&str| matches!(verifier.verify(key, None), Verification::Accepted(_));
    keys.into_iter().filter(is_good).count()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
