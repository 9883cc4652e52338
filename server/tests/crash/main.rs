//! Rotations that are killed. Run: `make crash` (`RUNS=20` for fewer).
//!
//! A store of 20 000 secrets is rotated by the program itself, which gets SIGKILL at a
//! random moment between its start and well after its usual end. Then the store must be
//! wholly before or wholly after: one active key, the former ones erased, every value under it,
//! every value what it was, the audit log whole, and one event for each rotation that happened. Both databases.

#![expect(clippy::disallowed_macros, reason = "prints what was found")]

#[path = "../it/support/database.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the other tests use the rest; a panic fails them"
)]
mod database;

use std::error::Error;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use database::{Backend, TestDatabase};
use keyward::audit::store::{AuditFilter, list};
use keyward::clock::Clock;
use keyward::config::{Flags, StoreConfig};
use keyward::database::{AdvisoryLock, DatabaseConnection, Opening, begin_locked, begin_write};
use keyward::encryption::columns::{SECRETS, Subject};
use keyward::encryption::unlock::Unlocked;
use keyward::encryption::wrapped_key::Purpose;
use keyward::encryption::{Rotation, store};
use keyward::secrets::entity::{Entity, Model};
use keyward::serve::{self, Opened};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{EntityTrait, IntoActiveModel};

const SECRETS_STORED: usize = 20_000;
/// Rows of one `INSERT`; `SQLite` takes 32 766 values in one, and a row has 9.
const BATCH: usize = 2_000;
const ROOT_KEY: &str = "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let runs = std::env::var("RUNS").map_or(Ok(200), |runs| runs.parse())?;
    let seed = std::env::var("SEED").map_or(Ok(rand::random()), |seed| seed.parse())?;
    println!("SEED={seed}");
    for backend in [Backend::Sqlite, Backend::Postgres] {
        crash(backend, runs, &mut StdRng::seed_from_u64(seed)).await?;
    }
    Ok(())
}

async fn crash(backend: Backend, runs: u32, rng: &mut StdRng) -> Outcome<()> {
    let database = TestDatabase::new(backend).await;
    fill(&database).await?;
    let start = Instant::now();
    assert!(rotate(&database, None)?.success());
    let usual = start.elapsed();
    let mut version = check(&database, 1).await?;
    let (mut killed, mut before, mut after) = (0, 0, 0);
    for run in 1..=runs {
        let moment = usual.mul_f64(rng.random_range(0.0..1.6));
        let status = rotate(&database, Some(moment))?;
        let now = check(&database, version)
            .await
            .map_err(|error| format!("{backend:?}, run {run}, killed after {moment:?}: {error}"))?;
        killed += u32::from(!status.success());
        *(if now == version { &mut before } else { &mut after }) += 1;
        assert!(!status.success() || now == version + 1, "a rotation that succeeded is there");
        version = now;
    }
    println!(
        "{backend:?}: {runs} rotations of {SECRETS_STORED} values, {killed} killed (usual time \
         {usual:.2?}): {before} wholly before, {after} wholly after, 0 broken"
    );
    assert!(killed * 4 > runs, "too few were killed to show anything");
    Ok(())
}

/// Lets the program rotate; kills it after `moment`.
fn rotate(database: &TestDatabase, moment: Option<Duration>) -> std::io::Result<ExitStatus> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keyward"))
        .args(["encryption", "rotate"])
        .env_clear()
        .envs([("DATABASE_URL", database.url.as_str()), ("SECRETS_ENCRYPTION_KEY", ROOT_KEY)])
        .env("KEYWARD_STATE_DIR", database.state_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(moment) = moment {
        std::thread::sleep(moment);
        // SIGKILL; an error means that it has ended by itself.
        let _ = child.kill();
    }
    child.wait()
}

async fn open(database: &TestDatabase) -> Outcome<(DatabaseConnection, Unlocked)> {
    let env = |name: &str| match name {
        "SECRETS_ENCRYPTION_KEY" => Some(ROOT_KEY.to_owned()),
        "DATABASE_URL" => Some(database.url.clone()),
        "KEYWARD_STATE_DIR" => Some(database.state_dir().display().to_string()),
        _ => None,
    };
    let config = StoreConfig::load(&Flags::default(), &env)?;
    let Opened { db, unlocked, .. } = serve::open(&config, &Clock::System, Opening::Store).await?;
    Ok((db, unlocked))
}

async fn fill(database: &TestDatabase) -> Outcome<()> {
    let (db, unlocked) = open(database).await?;
    let transaction = begin_write(&db).await?;
    let sealer = unlocked.keyring.sealer(&transaction).await?;
    let now = Clock::System.now();
    for first in (0..SECRETS_STORED).step_by(BATCH) {
        let rows = (first..first + BATCH).map(|n| {
            let (id, key) = (format!("{n:012}"), format!("KEY_{n}"));
            let subject = Subject::secret(&id, &key);
            let row = Model {
                encrypted_value: sealer.seal(&subject, value(&id).as_bytes())?,
                key: key.clone(),
                id: id.clone(),
                iv: None,
                key_id: Some(sealer.key_id.clone()),
                description: None,
                created_by: None,
                created_at: now,
                updated_at: now,
                mac: None,
            };
            Ok::<_, rand::rngs::SysError>(row.into_active_model())
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(db.close().await?)
}

fn value(id: &str) -> String {
    format!("the value of the row {id}, and some more of it")
}

/// The active version, which is `former` or the one after it.
async fn check(database: &TestDatabase, former: u32) -> Outcome<u32> {
    let (db, Unlocked { keyring, audit, .. }) = open(database).await?;
    // PostgreSQL may still be ending the transaction of a client that is gone.
    let transaction = begin_locked(&db, AdvisoryLock::Keys).await?;
    let active = keyring.active(&transaction).await?;
    let keys = store::list(&transaction).await?;
    let mut data = keys.iter().filter(|key| key.is_for(Purpose::Data));
    if let Some(kept) = data.find(|key| (key.id == active.id) == key.is_erased()) {
        return Err(
            format!("version {} of {}: erased or kept", kept.version, active.version).into()
        );
    }
    let (mut number, mut last) = (0, String::new());
    loop {
        let rows = SECRETS.after(&transaction, &last, 5_000).await?;
        let Some(end) = rows.last() else { break };
        last.clone_from(&end.id);
        for row in rows {
            if row.key_id.as_ref() != Some(&active.id) {
                return Err(format!("{} is under {:?}", row.id, row.key_id).into());
            }
            let opened = keyring.open(&transaction, SECRETS, &row).await?;
            if *opened != value(&row.id).as_bytes() {
                return Err(format!("{} is not what it was", row.id).into());
            }
            number += 1;
        }
    }
    if number != SECRETS_STORED {
        return Err(format!("{number} values").into());
    }
    transaction.rollback().await?;
    let found = audit.verify(&db).await?;
    if let Some(broken) = found.broken() {
        return Err(format!("the audit log: {broken:?}").into());
    }
    let rotation = Rotation::new(db.clone(), Clock::System, keyring, audit);
    let version = rotation.status().await?.active_version;
    let filter =
        AuditFilter { action: Some("encryption.rotate".to_owned()), ..AuditFilter::default() };
    let events = list(&db, &filter, i64::MAX, 1_000).await?.len();
    db.close().await?;
    if events != usize::try_from(version)? - 1 || !(former..=former + 1).contains(&version) {
        return Err(format!("{events} events, version {version} after {former}").into());
    }
    Ok(version)
}
