//! Requests each second of `/api/verify`, beside a route that does nothing.
//! Run: `cargo bench --bench verify`.
//!
//! Two servers listen on loopback with the same `axum::serve` settings: Keyward with 1 000
//! keys in a temporary database, and a router with one route that answers `ok`. Both get
//! the same requests, over the same number of connections that are kept alive, in rounds
//! that take turns. The servers share one worker thread and the client has another, so a
//! figure is what one core serves. `busy` is the share of the time that the worker ran:
//! near 100 % means that the server, and not the client, was the limit.
//!
//! Exits 1 when Keyward serves less than 80 % of what the bare route does.

#[path = "support/client.rs"]
mod client;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/listen.rs"]
mod listen;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use client::Client;
use keyward::clock::Clock;
use keyward::keys::token::PlainKey;
use keyward::serve;
use tokio::runtime;
use tokio::sync::watch;

const KEYS: usize = 1_000;
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(500);
const TARGET: f64 = 0.8;

/// The results of all rounds of one server.
#[derive(Default)]
struct Series {
    rates: Vec<f64>,
    busy: Vec<f64>,
    nanos: Vec<u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = folder::Folder::new("verify")?;
    let worker = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (bare, keyward, keys) = worker.block_on(start(&folder))?;
    let clients = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut targets = [
        ("bare axum", clients.block_on(connect(bare, &keys))?, Series::default()),
        ("/api/verify", clients.block_on(connect(keyward, &keys))?, Series::default()),
    ];
    for round in 0..=ROUNDS {
        for (_, client, series) in &mut targets {
            let before = worker.block_on(cpu_time(&worker))?;
            let nanos = clients.block_on(client.run(ROUND))?;
            let busy = worker.block_on(cpu_time(&worker))?.saturating_sub(before);
            // Round 0 warms up.
            if round > 0 {
                series.rates.push(f64::from(u32::try_from(nanos.len())?) / ROUND.as_secs_f64());
                series.busy.push(busy.as_secs_f64() / ROUND.as_secs_f64());
                series.nanos.extend(nanos);
            }
        }
    }
    println!("{KEYS} keys, {CONNECTIONS} connections, medians of {ROUNDS} rounds");
    println!("{:<12} {:>10} {:>6} {:>8} {:>8}", "", "requests/s", "busy", "p50 us", "p99 us");
    let [bare, keyward] = targets.map(|(name, _, series)| series.print(name));
    println!("ratio: {:.1} %", 100.0 * keyward / bare);
    if keyward < TARGET * bare {
        return Err(format!("at least {} % wanted", 100.0 * TARGET).into());
    }
    Ok(())
}

impl Series {
    fn print(mut self, name: &str) -> f64 {
        self.rates.sort_unstable_by(f64::total_cmp);
        self.busy.sort_unstable_by(f64::total_cmp);
        self.nanos.sort_unstable();
        let (rate, busy) = (self.rates[ROUNDS / 2], self.busy[ROUNDS / 2]);
        let micros = |percent: usize| f64::from(self.nanos[self.nanos.len() * percent / 100]) / 1e3;
        let (p50, p99) = (micros(50), micros(99));
        println!("{name:<12} {rate:>10.0} {:>4.0} % {p50:>8.0} {p99:>8.0}", 100.0 * busy);
        rate
    }
}

/// Starts both servers; their addresses and the keys that Keyward accepts.
async fn start(
    folder: &folder::Folder,
) -> Result<(SocketAddr, SocketAddr, Vec<PlainKey>), Box<dyn Error>> {
    let config = folder.config()?;
    let keys = server::store_keys(&config, KEYS).await?;
    let bare = async |_| Ok(Router::new().route("/api/verify", any(|| async { "ok" })));
    let bare = listen::listen(bare).await?;
    let keyward = listen::listen(async |address| {
        let (state, _) = serve::prepare(&config, Clock::System, address).await?;
        let (keys, (stop, stopped)) = (state.keys.clone(), watch::channel(false));
        tokio::spawn(async move {
            let ended = keys.run(stopped).await;
            drop(stop);
            ended
        });
        Ok(keyward::build(state))
    });
    Ok((bare, keyward.await?, keys))
}

async fn connect(address: SocketAddr, keys: &[PlainKey]) -> Result<Client, Box<dyn Error>> {
    let request = |key: &PlainKey| {
        let key = key.expose();
        format!("GET /api/verify HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\n\r\n")
    };
    let spread = keys.iter().step_by(KEYS / CONNECTIONS).take(CONNECTIONS);
    Client::connect(address, spread.map(request)).await
}

/// Processor time of the one worker thread, from its own view.
async fn cpu_time(worker: &runtime::Runtime) -> Result<Duration, Box<dyn Error>> {
    let read = async { std::fs::read_to_string("/proc/thread-self/schedstat") };
    let text = worker.spawn(read).await??;
    let nanos = text.split(' ').next().ok_or("an empty schedstat")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}
