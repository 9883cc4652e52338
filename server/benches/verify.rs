//! Requests each second of `/api/verify`, beside a route that does nothing.
//! Run: `cargo bench --bench verify`.
//!
//! Servers listen on loopback: Keyward with 10, 1 000 and 100 000 keys in temporary databases,
//! and a router with one route that answers `ok`, by `axum::serve`, which limits nothing.
//! All get the same requests over 1, 32 and 256 connections that are kept alive, in rounds
//! that take turns. The servers share one worker thread and the client has another, so a
//! figure is what one core serves. `busy` is the share of the time that the worker ran:
//! near 100 % means that the server, and not the client, was the limit.
//!
//! Exits 1 when Keyward misses a target: with 1 000 keys over 32 connections 85 % of what the
//! bare route serves, and a p99 within 1.5 times its p99; with 100 000 keys half of what it
//! serves.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/client.rs"]
mod client;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/listen.rs"]
mod listen;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use axum::serve::ListenerExt;
use client::Client;
use keyward::clock::Clock;
use keyward::serve;
use keyward_core::token::PlainKey;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::watch;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: [usize; 3] = [10, 1_000, 100_000];
const CONNECTIONS: [usize; 3] = [1, 32, 256];
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(400);

/// What Keyward is asked for.
struct Target {
    keys: usize,
    connections: usize,
    /// Of what the bare route serves.
    at_least: f64,
    /// Times the p99 of the bare route, if that is a target.
    p99_at_most: Option<f64>,
}

const TARGETS: [Target; 2] = [
    Target { keys: 1_000, connections: 32, at_least: 0.85, p99_at_most: Some(1.5) },
    Target { keys: 100_000, connections: 32, at_least: 0.5, p99_at_most: None },
];

/// A server under load.
struct Subject {
    name: String,
    keys: usize,
    client: Client,
    rates: Vec<f64>,
    busy: Vec<f64>,
    nanos: Vec<u32>,
}

/// The figures of one server.
struct Figures {
    rate: f64,
    p99: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folders = KEYS.map(|keys| folder::Folder::new(&format!("verify-{keys}")));
    let worker = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let clients = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut servers = vec![(0, worker.block_on(bare())?, Vec::new())];
    for (keys, folder) in KEYS.into_iter().zip(folders.iter()) {
        let folder = folder.as_ref().map_err(ToString::to_string)?;
        let (address, made) = worker.block_on(start(folder, keys))?;
        servers.push((keys, address, made));
    }
    println!("medians of {ROUNDS} rounds");
    println!(
        "{:<11} {:<13} {:>10} {:>7} {:>6} {:>8} {:>8} {:>7}",
        "connections", "", "requests/s", "", "busy", "p50 us", "p99 us", ""
    );
    let mut missed = Vec::new();
    for connections in CONNECTIONS {
        let connect = |(keys, address, made): &(usize, SocketAddr, Vec<PlainKey>)| {
            // The bare route gets the keys of the last server; it does not look at them.
            let made = if made.is_empty() { &servers[KEYS.len()].2 } else { made };
            let client = clients.block_on(connect(*address, made, connections))?;
            let name = if *keys == 0 { "bare axum".into() } else { format!("{keys} keys") };
            let (rates, busy, nanos) = (Vec::new(), Vec::new(), Vec::new());
            Ok::<_, Box<dyn Error>>(Subject { name, keys: *keys, client, rates, busy, nanos })
        };
        let mut subjects = servers.iter().map(connect).collect::<Result<Vec<_>, _>>()?;
        for round in 0..=ROUNDS {
            for subject in &mut subjects {
                let before = worker.block_on(cpu_time(&worker))?;
                let nanos = clients.block_on(subject.client.run(ROUND))?;
                let busy = worker.block_on(cpu_time(&worker))?.saturating_sub(before);
                // Round 0 warms up.
                if round > 0 {
                    let count = f64::from(u32::try_from(nanos.len())?);
                    subject.rates.push(count / ROUND.as_secs_f64());
                    subject.busy.push(busy.as_secs_f64() / ROUND.as_secs_f64());
                    subject.nanos.extend(nanos);
                }
            }
        }
        let mut bare = None;
        for subject in subjects {
            let keys = subject.keys;
            let figures = subject.print(connections, bare.as_ref());
            let target = TARGETS.iter().find(|t| (t.keys, t.connections) == (keys, connections));
            if let (Some(bare), Some(target)) = (&bare, target) {
                missed.extend(target.missed(&figures, bare));
            }
            bare.get_or_insert(figures);
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(missed.join("; ").into()) }
}

impl Target {
    fn missed(&self, figures: &Figures, bare: &Figures) -> Option<String> {
        let Self { keys, connections, at_least, p99_at_most } = self;
        let (rate, p99) = (figures.rate / bare.rate, figures.p99 / bare.p99);
        let is_missed = rate < *at_least || p99_at_most.is_some_and(|most| p99 > most);
        is_missed.then(|| {
            format!(
                "{keys} keys, {connections} connections: {:.1} % and a p99 of {p99:.2} times",
                100.0 * rate
            )
        })
    }
}

impl Subject {
    fn print(mut self, connections: usize, bare: Option<&Figures>) -> Figures {
        self.rates.sort_unstable_by(f64::total_cmp);
        self.busy.sort_unstable_by(f64::total_cmp);
        self.nanos.sort_unstable();
        let (rate, busy) = (self.rates[ROUNDS / 2], self.busy[ROUNDS / 2]);
        let micros = |percent: usize| f64::from(self.nanos[self.nanos.len() * percent / 100]) / 1e3;
        let (p50, p99) = (micros(50), micros(99));
        let ratios = bare.map(|bare| (100.0 * rate / bare.rate, p99 / bare.p99));
        let (rates, times) = ratios.map_or_else(Default::default, |(rates, times)| {
            (format!("{rates:.1} %"), format!("x {times:.2}"))
        });
        println!(
            "{connections:<11} {:<13} {rate:>10.0} {rates:>7} {:>4.0} % {p50:>8.0} {p99:>8.0} {times:>7}",
            self.name,
            100.0 * busy
        );
        Figures { rate, p99 }
    }
}

/// Starts the route that does nothing, as axum serves it.
async fn bare() -> Result<SocketAddr, Box<dyn Error>> {
    let router = Router::new().route("/api/verify", any(|| async { "ok" }));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, service).await });
    Ok(address)
}

/// Starts Keyward; its address and the keys that it accepts.
async fn start(
    folder: &folder::Folder,
    count: usize,
) -> Result<(SocketAddr, Vec<PlainKey>), Box<dyn Error>> {
    let config = folder.config()?;
    let keys = server::store_keys(&config, count).await?;
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
    Ok((keyward.await?, keys))
}

async fn connect(
    address: SocketAddr,
    keys: &[PlainKey],
    connections: usize,
) -> Result<Client, Box<dyn Error>> {
    let request = |key: &PlainKey| {
        let key = key.expose();
        format!("GET /api/verify HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\n\r\n")
    };
    let spread = keys.iter().step_by((keys.len() / connections).max(1)).cycle().take(connections);
    Client::connect(address, spread.map(request)).await
}

/// Processor time of the one worker thread, from its own view.
async fn cpu_time(worker: &runtime::Runtime) -> Result<Duration, Box<dyn Error>> {
    let read = async { std::fs::read_to_string("/proc/thread-self/schedstat") };
    let text = worker.spawn(read).await??;
    let nanos = text.split(' ').next().ok_or("an empty schedstat")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}
