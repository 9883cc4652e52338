//! How long a request of a person takes, its session and role looked up.
//! Run: `cargo bench --bench sessions`.
//!
//! Keyward listens on loopback with SQLite in a temporary folder, once with 32 sessions and once
//! with 10 000, which all people together may have. Each of the connections is a session of a
//! person of its own, with a role, and asks `GET /api/session` as soon as it has the answer. Beside
//! it a router with one route that answers `ok`, and the same server asked `/livez`, which is all
//! of a request but the session. Client and server share the machine.
//!
//! Exits 1 when the median over 32 connections takes 1 ms or longer.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/client.rs"]
mod client;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/listen.rs"]
mod listen;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use client::Client;
use keyward::clock::Clock;
use keyward::database::{Opening, begin_write};
use keyward::serve;
use keyward::session::cookie::{self, Cookies};
use keyward::session::entity::{sessions, users};
use keyward_api::Sensitive;
use keyward_api::roles::Role;
use sea_orm::{EntityTrait, IntoActiveModel};
use tokio::net::TcpListener;
use tokio::runtime;
use url::Url;
use uuid::Uuid;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: [usize; 3] = [1, 8, 32];
const SESSIONS: [usize; 2] = [32, 10_000];
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_millis(600);
/// Nanoseconds.
const TARGET: u32 = 1_000_000;
/// Rows of one `INSERT`.
const BATCH: usize = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let folders = SESSIONS.map(|n| folder::Folder::new(&format!("sessions-{n}")));
    let workers = runtime::Builder::new_multi_thread().enable_all().build()?;
    let clients = runtime::Builder::new_current_thread().enable_all().build()?;
    let bare = workers.block_on(bare())?;
    // Name, address, and the request of the nth connection.
    let mut servers: Vec<(String, SocketAddr, Vec<String>)> = Vec::new();
    let get = |address, path: &str, cookie: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n")
    };
    for (count, folder) in SESSIONS.into_iter().zip(&folders) {
        let folder = folder.as_ref().map_err(ToString::to_string)?;
        let (address, tokens) = workers.block_on(start(folder, count))?;
        let name =
            Cookies::at(&Url::parse(&format!("http://{address}"))?).session_name().to_owned();
        let cookie = |token: &Sensitive| format!("{name}={}", token.expose());
        let asked = |address, path: &str| {
            tokens.iter().map(|token| get(address, path, &cookie(token))).collect()
        };
        if servers.is_empty() {
            servers.push(("bare axum".to_owned(), bare, asked(bare, "/")));
            servers.push(("/livez".to_owned(), address, asked(address, "/livez")));
        }
        let name = format!("{count} sessions");
        servers.push((name, address, asked(address, "/api/session")));
    }
    println!(
        "{:<16} {:>11} {:>10} {:>8} {:>8}",
        "", "connections", "answers/s", "p50 ms", "p99 ms"
    );
    let mut slowest = 0;
    for connections in CONNECTIONS {
        let mut subjects = Vec::new();
        for (name, address, requests) in &servers {
            let requests = requests.iter().take(connections).cloned();
            let client = clients.block_on(Client::connect(*address, requests))?;
            subjects.push((name, client, Vec::new()));
        }
        for round in 0..=ROUNDS {
            for (_, client, nanos) in &mut subjects {
                let measured = clients.block_on(client.run(ROUND))?;
                // Round 0 warms up.
                if round > 0 {
                    nanos.extend(measured);
                }
            }
        }
        for (name, _, mut nanos) in subjects {
            nanos.sort_unstable();
            let at = |percent: usize| nanos[(nanos.len() - 1) * percent / 100];
            let rate = f64::from(u32::try_from(nanos.len())?) / (ROUND * ROUNDS).as_secs_f64();
            let [p50, p99] = [50, 99].map(|percent| f64::from(at(percent)) / 1e6);
            println!("{name:<16} {connections:>11} {rate:>10.0} {p50:>8.3} {p99:>8.3}");
            slowest = slowest.max(at(50));
        }
    }
    if slowest >= TARGET {
        return Err("a request of a person within 1 ms is wanted".into());
    }
    Ok(())
}

async fn bare() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = Router::new().fallback(any(async || "ok"));
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(address)
}

async fn start(
    folder: &folder::Folder,
    count: usize,
) -> Result<(SocketAddr, Vec<Sensitive>), Box<dyn Error>> {
    let config = folder.config()?;
    let db = keyward::database::connect(&config.store.database, Opening::Store).await?;
    keyward::database::migrate(&db).await?;
    let now = Clock::System.now().truncate_to_second();
    let (mut people, mut begun, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..count {
        let id = Uuid::now_v7();
        let role = Role::ALL[n % Role::ALL.len()].as_str().to_owned();
        let email = format!("person-{n}@example.com");
        let person = users::Model { role, ..users::Model::admin(id, &email, "x".into(), now) };
        let token = cookie::new_token()?;
        people.push(person.into_active_model());
        begun.push(sessions::Model {
            token_hash: cookie::token_hash(token.expose()),
            user_id: id.into(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + time::Duration::days(7),
            device: None,
            address: None,
            signed_in_by: None,
            mac: None,
            seen_mac: None,
        });
        tokens.push(token);
    }
    let transaction = begin_write(&db).await?;
    for batch in people.chunks(BATCH) {
        users::Entity::insert_many(batch.to_vec()).exec_without_returning(&transaction).await?;
    }
    let begun: Vec<_> = begun.into_iter().map(IntoActiveModel::into_active_model).collect();
    for batch in begun.chunks(BATCH) {
        sessions::Entity::insert_many(batch.to_vec()).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    db.close().await?;
    let address = listen::listen(async |address| {
        // The first start gives the rows their macs.
        let (state, _) = serve::prepare(&config, Clock::System, address).await?;
        Ok(keyward::build(state))
    });
    Ok((address.await?, tokens))
}
