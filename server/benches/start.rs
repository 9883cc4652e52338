//! How long a start with 100 000 keys takes. Run: `cargo bench --bench start`.
//!
//! The keys are stored in a temporary `SQLite` database first; then, `RUNS` times:
//!
//! - **`Registry::load`**: read all rows, parse them, fill the cache.
//! - **`serve::prepare`**: everything a start does before the first request: open the
//!   database, look for missing migrations, open the stored keys, hash one password with Argon2 (`Passwords::new`;
//!   timed alone too), look for an administrator, and `Registry::load`.
//!
//! The file is in the operating system's cache, as it is after a restart of the server but
//! not of the machine. Resident memory is that of this process while it holds one registry.
//! Exits 1 when the median of `prepare` is not under 2 s.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use keyward::clock::Clock;
use keyward::keys::Registry;
use keyward::serve;
use keyward::session::password::Passwords;

const KEYS: usize = 100_000;
const RUNS: usize = 5;
const TARGET: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Stands for the address that `serve` would have bound.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let folder = folder::Folder::new("start")?;
    let config = folder.config()?;
    let start = Instant::now();
    server::store_keys(&config, KEYS).await?;
    println!("{KEYS} keys stored in {:.2} s", start.elapsed().as_secs_f64());
    let before = resident_mib()?;

    let (mut load, mut argon2, mut prepare) = (Vec::new(), Vec::new(), Vec::new());
    let mut resident = 0.0;
    for run in 0..RUNS {
        let (db, unlocked) = serve::open(&config.store, &Clock::System).await?;
        let start = Instant::now();
        let registry = Registry::load(db.clone(), Clock::System, unlocked.audit).await?;
        load.push(start.elapsed());
        if run == 0 {
            resident = resident_mib()?;
        }
        assert_eq!(registry.len(), KEYS);
        drop(registry);
        db.close().await?;

        let start = Instant::now();
        Passwords::new()?;
        argon2.push(start.elapsed());

        let start = Instant::now();
        let (state, _) = serve::prepare(&config, Clock::System, address).await?;
        prepare.push(start.elapsed());
        assert_eq!(state.keys.len(), KEYS);
    }
    println!("{:<28} {:>8} {:>8} {:>8}", "seconds", "least", "median", "most");
    print_line("Registry::load", &mut load);
    print_line("one Argon2 hash", &mut argon2);
    let median = print_line("prepare (both and the rest)", &mut prepare);
    println!("resident: {before:.0} MiB before, {resident:.0} MiB after the first load");
    if median >= TARGET {
        return Err(format!("prepare took {median:.2?}, under {TARGET:?} wanted").into());
    }
    Ok(())
}

fn print_line(what: &str, times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    let [least, median, most] = [0, times.len() / 2, times.len() - 1].map(|at| times[at]);
    let [a, b, c] = [least, median, most].map(|time| time.as_secs_f64());
    println!("{what:<28} {a:>8.3} {b:>8.3} {c:>8.3}");
    median
}

/// `VmRSS` of this process.
fn resident_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
