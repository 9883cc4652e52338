//! What sealing, rotation and the audit log cost. Run: `cargo bench --bench vault`.
//!
//! - **seal, open**: one value of 200 bytes, single thread, random bytes from the operating
//!   system included.
//! - **rotate**: all values of a temporary `SQLite` database under a new key, each read back
//!   and compared, in one transaction with the audit event; from the call to the commit.
//! - **append**: audit events, each in a transaction of its own that is on the disk when it
//!   returns; one writer, then 64 at once, who share transactions.
//! - **verify**: every entry of that log read from the database and checked; and the check
//!   alone, of entries that are in memory.
//! - **list**: a page from the middle of a million entries, with their number.
//!
//! Exits 1 when a number is not what was promised.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/secrets.rs"]
mod secrets;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use keyward::audit::check::{Check, StoredHead};
use keyward::audit::entity::log;
use keyward::audit::store::{self, AuditFilter};
use keyward::audit::{Action, Actor};
use keyward::clock::Clock;
use keyward::database::{DatabaseConnection, Opening, StoreError, begin_write};
use keyward::encryption::Rotation;
use keyward::encryption::columns::Subject;
use keyward::encryption::unlock::Unlocked;
use keyward::serve::{self, Opened};
use keyward_core::chain::{AuditKey, AuditKeys};
use keyward_core::dek::Dek;
use keyward_core::seal::{open, seal};
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use sea_orm::{EntityTrait, QueryOrder};

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut missed = Vec::new();
    let mut expect = |what: String, value: f64, unit: &str, good: bool| {
        println!("{what:<44} {value:>12.2} {unit}{}", if good { "" } else { "   MISSED" });
        if !good {
            missed.push(what);
        }
    };
    let (sealing, opening) = seal_and_open()?;
    expect("seal 200 bytes".into(), micros(sealing), "us", sealing < Duration::from_micros(4));
    expect("open 200 bytes".into(), micros(opening), "us", opening < Duration::from_micros(4));
    let mut folders = Vec::new();
    for (values, limit) in [(10_000, 0.5), (100_000, 2.0)] {
        let (elapsed, folder) = rotate(values).await?;
        folders.push(folder);
        let seconds = elapsed.as_secs_f64();
        expect(format!("rotate {values} values"), seconds, "s", seconds < limit);
    }
    let folder = folder::Folder::new("audit")?;
    let Opened { db, unlocked, .. } =
        serve::open(&folder.config()?.store, &Clock::System, Opening::Store).await?;
    let alone = append(&db, &unlocked, 1, 4_000).await?;
    // Each waits for the disk by itself; what counts for a server is the next one.
    expect("append, 1 writer".into(), alone, "entries/s", true);
    let together = append(&db, &unlocked, 64, 8_000).await?;
    expect("append, 64 writers".into(), together, "entries/s", together > 2_000.0);
    append_many(&db, &unlocked, 200_000).await?;
    let rate = verify(&db, &unlocked).await?;
    expect("verify, read from the database".into(), rate, "entries/s", rate > 150_000.0);
    let rate = check(&db).await?;
    expect("verify, the check alone".into(), rate, "entries/s", rate > 500_000.0);
    append_many(&db, &unlocked, 800_000).await?;
    let page = page(&db).await?;
    expect("list 100 of a million, the middle".into(), page, "ms", page < 20.0);
    if missed.is_empty() { Ok(()) } else { Err(format!("missed: {}", missed.join(", ")).into()) }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn seal_and_open() -> Result<(Duration, Duration), Box<dyn Error>> {
    const TIMES: u32 = 20_000;
    let dek = Dek::generate(&mut StdRng::seed_from_u64(1))?;
    let subject = Subject::secret("01900000-0000-7000-8000-000000000000", "A_KEY");
    let place = subject.binding("01900000-0000-7000-8000-000000000001");
    let value = [7; 200];
    let start = Instant::now();
    for _ in 0..TIMES {
        black_box(seal(&dek, place, black_box(&value), &mut SysRng)?);
    }
    let sealing = start.elapsed() / TIMES;
    let sealed = seal(&dek, place, &value, &mut SysRng)?;
    let start = Instant::now();
    for _ in 0..TIMES {
        black_box(open(&dek, place, black_box(&sealed))?);
    }
    Ok((sealing, start.elapsed() / TIMES))
}

/// The folder stays as long as the answer: a database in a new one might get the files of this one,
/// which SQLite closes a moment later.
async fn rotate(values: usize) -> Result<(Duration, folder::Folder), Box<dyn Error>> {
    let folder = folder::Folder::new(&format!("rotate-{values}"))?;
    let Opened { db, unlocked, .. } =
        serve::open(&folder.config()?.store, &Clock::System, Opening::Store).await?;
    let Unlocked { keyring, audit, .. } = unlocked;
    secrets::store_secrets(&db, &keyring, values).await?;
    let rotation = Rotation::new(db.clone(), Clock::System, keyring, audit);
    let start = Instant::now();
    let rotated = rotation.rotate(&Actor::command_line()).await?;
    let elapsed = start.elapsed();
    assert_eq!(rotated.re_encrypted, values as u64);
    db.close().await?;
    Ok((elapsed, folder))
}

async fn append(
    db: &DatabaseConnection,
    unlocked: &Unlocked,
    writers: u32,
    entries: u32,
) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    try_join_all((0..writers).map(|_| {
        let (db, audit) = (db.clone(), unlocked.audit.clone());
        tokio::spawn(async move {
            for _ in 0..entries / writers {
                let event = Actor::command_line().did(Action::SecretRead, Some("A_KEY".to_owned()));
                audit.record(&db, event).await?;
            }
            Ok::<_, StoreError>(())
        })
    }))
    .await?
    .into_iter()
    .collect::<Result<Vec<_>, _>>()?;
    Ok(f64::from(entries) / start.elapsed().as_secs_f64())
}

async fn append_many(
    db: &DatabaseConnection,
    unlocked: &Unlocked,
    entries: usize,
) -> Result<(), Box<dyn Error>> {
    let transaction = begin_write(db).await?;
    for _ in 0..entries {
        let event = Actor::command_line().did(Action::SecretRead, Some("A_KEY".to_owned()));
        unlocked.audit.append(&transaction, event).await?;
    }
    Ok(transaction.commit().await?)
}

async fn verify(db: &DatabaseConnection, unlocked: &Unlocked) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let found = unlocked.audit.verify(db).await?;
    let elapsed = start.elapsed();
    assert!(found.is_valid());
    Ok(f64::from(i32::try_from(found.verified())?) / elapsed.as_secs_f64())
}

/// Of entries under a key of this function alone, since the other is nobody's to see.
async fn check(db: &DatabaseConnection) -> Result<f64, Box<dyn Error>> {
    let mut entries = log::Entity::find().order_by_asc(log::Column::Seq).all(db).await?;
    let key = AuditKey::new(&Dek::generate(&mut StdRng::seed_from_u64(1))?);
    for entry in &mut entries {
        entry.mac = key.entry_mac(&entry.entry_hash).to_vec();
    }
    let last = entries.last().ok_or("no entries")?;
    let mac = key.head_mac(last.seq, &last.entry_hash);
    let head = StoredHead { seq: last.seq, entry_hash: &last.entry_hash, mac: &mac };
    let keys = AuditKeys::new(Vec::new(), key);
    let start = Instant::now();
    let mut check = Check::new(&keys);
    for entry in &entries {
        check.entry(black_box(&entry.stored()));
    }
    assert!(check.finish(Some(head), 0).is_valid());
    let elapsed = start.elapsed();
    Ok(f64::from(u32::try_from(entries.len())?) / elapsed.as_secs_f64())
}

/// Milliseconds for a page from the middle of the log, and the number of all.
async fn page(db: &DatabaseConnection) -> Result<f64, Box<dyn Error>> {
    const TIMES: u32 = 20;
    let number = store::number(db).await?;
    assert!(number > 1_000_000);
    let before = i64::try_from(number / 2)?;
    let start = Instant::now();
    for _ in 0..TIMES {
        let entries = store::list(db, &AuditFilter::default(), before, 100).await?;
        assert_eq!((entries.len(), store::number(db).await?), (100, number));
    }
    Ok((start.elapsed() / TIMES).as_secs_f64() * 1e3)
}
