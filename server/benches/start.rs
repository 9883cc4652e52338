//! How long a start with very many keys takes, and how much memory they need.
//! Run: `cargo bench --bench start`.
//!
//! The keys are stored in a temporary `SQLite` database first. Then, each in a process of its
//! own, so that no memory of an earlier one counts, and `RUNS` times:
//!
//! - **`Registry::load`**: read all rows, parse them, fill the cache.
//! - **`serve::prepare`**: everything a start does before the first request: open the
//!   database, look for missing migrations, open the stored keys, hash one password with
//!   Argon2, look for an administrator, and `Registry::load`.
//! - **resident**: of the process after `serve::prepare`, and the most it ever was.
//!
//! The file is in the operating system's cache, as it is after a restart of the server but
//! not of the machine. Exits 1 when a target is missed.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Instant;

use keyward::clock::Clock;
use keyward::config::Config;
use keyward::keys::Registry;
use keyward::replicas::Membership;
use keyward::serve;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 3;

/// What this program is called with for one start.
const ONE: &str = "start-one";

/// Keys, seconds of a start at most, MiB at most.
const TARGETS: [(usize, f64, f64); 2] = [(100_000, 1.0, 150.0), (1_000_000, 10.0, f64::MAX)];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some(ONE) {
        let database = std::env::args().nth(2).ok_or("no database")?;
        return one(&folder::config(&database)?).await;
    }
    println!(
        "{:>9} {:>15} {:>9} {:>13} {:>10}",
        "keys", "Registry::load", "prepare", "resident MiB", "at most"
    );
    let mut missed = Vec::new();
    for (keys, seconds, mebibytes) in TARGETS {
        let folder = folder::Folder::new("start")?;
        server::store_keys(&folder.config()?, keys).await?;
        // The first start signs them.
        measure(&folder.database())?;
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(measure(&folder.database())?);
        }
        let median = |part: usize| {
            let mut values: Vec<f64> = runs.iter().map(|run| run[part]).collect();
            values.sort_unstable_by(f64::total_cmp);
            values[RUNS / 2]
        };
        let [load, prepare, resident, most] = std::array::from_fn(median);
        println!("{keys:>9} {load:>13.2} s {prepare:>7.2} s {resident:>13.0} {most:>10.0}");
        if prepare > seconds || most > mebibytes {
            missed.push(format!("{keys} keys: {prepare:.1} s and {most:.0} MiB"));
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(missed.join("; ").into()) }
}

/// One start in a process of its own: what it prints.
fn measure(database: &str) -> Result<[f64; 4], Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?).args([ONE, database]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    numbers.try_into().map_err(|_| format!("a start failed: {error}").into())
}

async fn one(config: &Config) -> Result<(), Box<dyn Error>> {
    // Stands for the address that `serve` would have bound.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let start = Instant::now();
    let (state, _) = serve::prepare(config, Clock::System, address).await?;
    let prepare = start.elapsed().as_secs_f64();
    let (resident, most) = (memory("VmRSS:")?, memory("VmHWM:")?);
    let start = Instant::now();
    let (db, audit, rows) = (state.db.clone(), state.audit.clone(), state.rows.clone());
    let nowhere = state.keys.watermark().to_nowhere();
    let registry =
        Registry::load(db, Clock::System, audit, rows, Membership::of_command(), nowhere).await?;
    let load = start.elapsed().as_secs_f64();
    assert_eq!(registry.len(), state.keys.len());
    println!("{load} {prepare} {resident} {most}");
    Ok(())
}

/// MiB of this process.
fn memory(what: &str) -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("no such line")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
