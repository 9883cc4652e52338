//! How long a backup takes, its verification and its restore. Run: `cargo bench --bench backup`.
//!
//! A store on SQLite with 100 000 keys and as many secrets of 200 bytes, in a temporary folder.
//! Beside it `VACUUM INTO`, which copies the database and knows nothing of what is in it.
//!
//! Exits 1 when backup and verification take 10 s or longer.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/secrets.rs"]
mod secrets;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use keyward::backup::load::load;
use keyward::backup::restore::restore;
use keyward::backup::write::write;
use keyward::clock::Clock;
use keyward::database::{self, Opening};
use keyward::serve;
use sea_orm::ConnectionTrait;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COUNT: usize = 100_000;
const LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (folder, target) = (folder::Folder::new("backup")?, folder::Folder::new("restore")?);
    let (config, clock) = (folder.config()?.store, Clock::System);
    server::store_keys(&folder.config()?, COUNT).await?;
    let serve::Opened { db, unlocked, .. } = serve::open(&config, &clock, Opening::Store).await?;
    secrets::store_secrets(&db, &unlocked.keyring, COUNT).await?;
    let place = |name: &str| folder.database().replace("sqlite://", "").replace("keyward.db", name);
    let (copy, file) = (place("copy.db"), place("backup"));
    let root = &config.root_keys.current;

    let copied =
        timed(async { Ok(db.execute_unprepared(&format!("VACUUM INTO '{copy}'")).await?) });
    let (copied, _) = copied.await?;
    let path = file.as_ref();
    let writing = async { Ok(write(&db, root, &unlocked.audit, &clock, path, &|_| ()).await?) };
    let (written, _) = timed(writing).await?;
    let loading = async { Ok(load(path, &config.root_keys, &clock, &|_| ()).await?) };
    let (verified, loaded) = timed(loading).await?;
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    let into = database::connect(&target.config()?.store.database, Opening::Store).await?;
    let restoring = async { Ok(restore(&loaded, &into, "backup", &|_| ()).await?) };
    let (restored, _) = timed(restoring).await?;

    let size = |file: &str| fs::metadata(file).map(|found| found.len() / 1_000_000);
    println!("VACUUM INTO      {:>6.2} s   {} MB", copied.as_secs_f64(), size(&copy)?);
    println!("backup           {:>6.2} s   {} MB", written.as_secs_f64(), size(&file)?);
    println!("verify           {:>6.2} s", verified.as_secs_f64());
    println!("restore, without {:>6.2} s", restored.as_secs_f64());
    for db in [db, into] {
        db.close().await?;
    }
    if written + verified >= LIMIT {
        return Err("backup and verification within 10 s are wanted".into());
    }
    Ok(())
}

async fn timed<T>(
    work: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<(Duration, T), Box<dyn Error>> {
    let start = Instant::now();
    let done = work.await?;
    Ok((start.elapsed(), done))
}
