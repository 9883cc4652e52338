//! How long a revocation takes at three servers on one PostgreSQL, and what the lease costs.
//! Run: `server/tests/with-postgres cargo bench --bench replicas` (`REVOCATIONS=10000` for each
//! server; 500 otherwise).
//!
//! The servers are processes of their own, built like the program that ships, and share the machine
//! with PostgreSQL and with who asks.
//!
//! 1. **Quiet**: keys are deleted one after the other at one server.
//! 2. **Under load**: two connections at each server verify all keys without a pause, and at each
//!    server somebody revokes. A key that is accepted after the answer to its revocation is *late*.
//! 3. **One dead**: a server is killed; the next revocations.
//! 4. **The lease**: `/api/verify` over 32 connections at one of the servers, and at one on SQLite,
//!    which has no lease, in turns.
//! 5. **Renewals**: writes a second of each server that nobody asks.
//!
//! Exits 1 when one is late, or a target is missed.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/client.rs"]
mod client;
#[path = "support/servers.rs"]
mod servers;

use std::env;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::Client;
use keyward::config::DatabaseConfig;
use keyward::database::{self, DatabaseConnection, Opening};
use sea_orm::{ConnectionTrait, Statement};
use servers::{Admin, Key, Server, make};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Failed = Box<dyn Error>;

const SERVERS: usize = 3;
const QUIET: usize = 1_000;
/// Milliseconds.
const TARGETS: [f64; 2] = [10.0, 50.0];
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(800);
/// What a server with a lease may lose beside one without.
const AT_LEAST: f64 = 0.95;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let postgres = env::var("KEYWARD_TEST_POSTGRES_URL")
        .map_err(|_| "no PostgreSQL: run it under server/tests/with-postgres")?;
    let each = env::var("REVOCATIONS").map_or(Ok(500), |text| text.parse::<usize>())?;
    let (store, _) = postgres.rsplit_once('/').ok_or("an odd address")?;
    let url = format!("{store}/keyward_bench_{}", std::process::id());
    execute(&postgres, &format!("CREATE DATABASE keyward_bench_{}", std::process::id())).await?;
    let folders: Vec<TempDir> =
        (0..=SERVERS).map(|_| tempfile::tempdir()).collect::<Result<_, _>>()?;
    let mut servers = Vec::new();
    for folder in &folders[1..] {
        servers.push(Server::start(&url, folder.path())?);
    }
    let mut admins = Vec::new();
    for server in &servers {
        admins.push(Admin::at(server.address).await?);
    }
    let mut missed = Vec::new();

    let mut waits = Vec::new();
    for key in make(&admins[0], QUIET).await? {
        waits.push(admins[0].revoke(&key.id).await?);
    }
    println!("{:<26} {:>8} {:>8} {:>8}", "revocation answered, ms", "p50", "p99", "most");
    let quiet = print("three servers, quiet", waits);
    for ((what, value), target) in [("p50", quiet[0]), ("p99", quiet[1])].iter().zip(TARGETS) {
        if *value > target {
            missed.push(format!("the {what} of a revocation is over {target} ms"));
        }
    }

    let late = under_load(&servers, &admins, each).await?;
    if late > 0 {
        missed.push(format!("{late} keys were accepted after the answer"));
    }

    let writes = renewals(&url).await?;
    println!("renewals of a server      {writes:>8.2} writes a second");
    if writes > 1.0 {
        missed.push("a server renews more than once a second".to_owned());
    }
    missed.extend(lease(&servers[0], &admins[0], &folders[0]).await?);

    servers[1].process.kill()?;
    let keys = make(&admins[0], 4).await?;
    let mut waits = Vec::new();
    for key in keys {
        waits.push(admins[0].revoke(&key.id).await?);
    }
    println!(
        "one killed, ms: first {:.0}, then {:.1} {:.1} {:.1}",
        waits[0], waits[1], waits[2], waits[3]
    );
    if missed.is_empty() { Ok(()) } else { Err(missed.join("; ").into()) }
}

async fn under_load(servers: &[Server], admins: &[Admin], each: usize) -> Result<u64, Failed> {
    let keys = make(&admins[0], SERVERS * each).await?;
    // Every server knows the last one.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (is_over, late, asked) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let asking = servers.iter().flat_map(|server| {
        [0, keys.len() / 2].map(|first| ask(server, &keys, first, &is_over, &late, &asked))
    });
    let start = Instant::now();
    let revoking = async {
        let revoking = admins.iter().zip(keys.chunks(each)).map(async |(admin, keys)| {
            let mut waits = Vec::new();
            for key in keys {
                waits.push(admin.revoke(&key.id).await?);
                key.is_revoked.store(true, Ordering::SeqCst);
            }
            Ok::<_, Failed>(waits)
        });
        let waits = futures_util::future::try_join_all(revoking).await;
        is_over.store(true, Ordering::SeqCst);
        waits
    };
    let (asking, waits) = tokio::join!(futures_util::future::try_join_all(asking), revoking);
    asking?;
    print("three servers, under load", waits?.concat());
    let (late, asked) = (late.into_inner(), asked.into_inner());
    println!(
        "{} revoked and {asked} verified in {:.1} s, {late} accepted after the answer",
        keys.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(late)
}

async fn ask(
    server: &Server,
    keys: &[Key],
    first: usize,
    is_over: &AtomicBool,
    late: &AtomicU64,
    asked: &AtomicU64,
) -> Result<(), Failed> {
    let mut stream = TcpStream::connect(server.address).await?;
    let mut answer = vec![0; 4096];
    for key in keys.iter().cycle().skip(first) {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let must_be_refused = key.is_revoked.load(Ordering::SeqCst);
        stream.write_all(question(&key.text).as_bytes()).await?;
        // Answers are small, and come in one piece.
        let length = stream.read(&mut answer).await?;
        asked.fetch_add(1, Ordering::Relaxed);
        if must_be_refused && answer[..length].starts_with(b"HTTP/1.1 200 ") {
            late.fetch_add(1, Ordering::SeqCst);
        }
    }
    Ok(())
}

/// Requests a second with a lease and without, in turns.
async fn lease(server: &Server, admin: &Admin, folder: &TempDir) -> Result<Option<String>, Failed> {
    let alone =
        Server::start(&format!("sqlite://{}/keyward.db", folder.path().display()), folder.path())?;
    let admin_alone = Admin::at(alone.address).await?;
    let mut clients = Vec::new();
    for (server, admin) in [(server, admin), (&alone, &admin_alone)] {
        let key = make(admin, 1).await?.remove(0).text;
        clients.push(Client::connect(server.address, (0..32).map(|_| question(&key))).await?);
    }
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (client, rates) in clients.iter_mut().zip(&mut rates) {
            let answers = f64::from(u32::try_from(client.run(ROUND).await?.len())?);
            if round > 0 {
                rates.push(answers / ROUND.as_secs_f64());
            }
        }
    }
    let [leased, alone] = rates.map(|mut rates| {
        rates.sort_unstable_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    println!(
        "verified with a lease     {leased:>8.0} /s, {:.1} % of {alone:.0} /s without",
        leased / alone * 100.0
    );
    Ok((leased / alone < AT_LEAST).then(|| "a lease makes verification slower".to_owned()))
}

async fn renewals(url: &str) -> Result<f64, Failed> {
    const PAUSE: Duration = Duration::from_secs(12);
    let db = connect(url).await?;
    let beats = async || {
        let sql = "SELECT sum(beat)::bigint AS beats FROM replicas";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        Ok::<i64, Failed>(row.ok_or("no row")?.try_get("", "beats")?)
    };
    let before = beats().await?;
    tokio::time::sleep(PAUSE).await;
    let beats = u32::try_from(beats().await? - before)?;
    Ok(f64::from(beats) / PAUSE.as_secs_f64() / 3.0)
}

fn question(key: &str) -> String {
    format!("GET /api/verify HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n")
}

/// Prints p50, p99 and the longest.
fn print(what: &str, mut waits: Vec<f64>) -> [f64; 3] {
    waits.sort_unstable_by(f64::total_cmp);
    let [p50, p99] = [waits.len() / 2, waits.len() * 99 / 100].map(|place| waits[place]);
    let most = waits[waits.len() - 1];
    println!("{what:<26} {p50:>8.1} {p99:>8.1} {most:>8.1}");
    [p50, p99, most]
}

async fn connect(url: &str) -> Result<DatabaseConnection, Failed> {
    Ok(database::connect(&DatabaseConfig::at(url.to_owned()), Opening::Command).await?)
}

async fn execute(url: &str, sql: &str) -> Result<(), Failed> {
    let db = connect(url).await?;
    db.execute_unprepared(sql).await?;
    Ok(db.close().await?)
}
