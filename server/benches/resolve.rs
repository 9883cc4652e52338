//! How long `/api/resolve` takes. Run: `cargo bench --bench resolve`.
//!
//! Keyward listens on loopback with 1 000 providers and 10 000 keys of models in SQLite, in a
//! temporary folder. Each of the connections asks for a model of its own with a key that has
//! the scope, and asks again as soon as it has the answer. Three kinds of questions take
//! turns: a model's key, which is opened and given out once its audit entry is on the disk; a
//! provider's key, which stands in for a model without one; and the first with
//! `explain=true`, which is all of it but the value and the entry. So the difference is what
//! the record costs. Client and server share the machine.
//!
//! Exits 1 when one in a hundred explanations takes longer than 5 ms, or when the audit log
//! does not verify afterwards.

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
use std::net::SocketAddr;
use std::time::Duration;

use client::Client;
use keyward::clock::Clock;
use keyward::encryption::columns::Subject;
use keyward::providers::entity::{model, provider};
use keyward::serve;
use keyward::state::AppState;
use keyward_api::providers::model_id;
use keyward_core::token::PlainKey;
use sea_orm::{EntityTrait, IntoActiveModel};
use tokio::runtime;

const PROVIDERS_STORED: usize = 1_000;
const MODELS_OF_EACH: usize = 10;
const CONNECTIONS: [usize; 3] = [1, 8, 32];
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_secs(1);
/// Nanoseconds.
const TARGET: u32 = 5_000_000;

type Query = fn(usize) -> String;

const QUESTIONS: [(&str, Query); 3] = [
    ("the model's key", |n| format!("provider=provider-{:04}&model=model-7", n * 31)),
    ("the provider's key", |n| format!("provider=provider-{:04}&model=without", n * 31)),
    ("explain=true", |n| format!("provider=provider-{:04}&model=model-7&explain=true", n * 31)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = folder::Folder::new("resolve")?;
    let workers = runtime::Builder::new_multi_thread().enable_all().build()?;
    let (address, state, keys) = workers.block_on(start(&folder))?;
    let clients = runtime::Builder::new_current_thread().enable_all().build()?;
    let connect = |(name, query): (&'static str, Query), connections: usize| {
        let request = move |(n, key): (usize, &PlainKey)| {
            let (query, key) = (query(n), key.expose());
            format!(
                "GET /api/resolve?{query} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\n\r\n"
            )
        };
        let requests = keys.iter().take(connections).enumerate().map(request);
        let client = clients.block_on(Client::connect(address, requests))?;
        Ok::<_, Box<dyn Error>>((name, client, Vec::new()))
    };
    let stored = PROVIDERS_STORED * (1 + MODELS_OF_EACH);
    println!("{stored} keys stored, SQLite");
    println!(
        "{:<20} {:>11} {:>10} {:>8} {:>8}",
        "", "connections", "answers/s", "p50 ms", "p99 ms"
    );
    let mut explained = 0;
    for connections in CONNECTIONS {
        let mut questions = Vec::new();
        for question in QUESTIONS {
            questions.push(connect(question, connections)?);
        }
        for round in 0..=ROUNDS {
            for (_, client, nanos) in &mut questions {
                let measured = clients.block_on(client.run(ROUND))?;
                // Round 0 warms up.
                if round > 0 {
                    nanos.extend(measured);
                }
            }
        }
        for (name, _, mut nanos) in questions {
            nanos.sort_unstable();
            let at = |percent: usize| nanos[(nanos.len() - 1) * percent / 100];
            let rate = f64::from(u32::try_from(nanos.len())?) / (ROUND * ROUNDS).as_secs_f64();
            let [p50, p99] = [50, 99].map(|percent| f64::from(at(percent)) / 1e6);
            println!("{name:<20} {connections:>11} {rate:>10.0} {p50:>8.2} {p99:>8.2}");
            // The last one of the last round.
            explained = at(99);
        }
    }
    let found = workers.block_on(state.audit.verify(&state.db))?;
    println!("{} audit entries verify: {}", found.verified(), found.is_valid());
    if explained > TARGET || !found.is_valid() {
        return Err("explanations within 5 ms and a good audit log are wanted".into());
    }
    Ok(())
}

async fn start(
    folder: &folder::Folder,
) -> Result<(SocketAddr, AppState, Vec<PlainKey>), Box<dyn Error>> {
    let config = folder.config()?;
    let keys = server::store_keys(&config, 32).await?;
    let mut shared = None;
    let address = listen::listen(async |address| {
        let (state, _) = serve::prepare(&config, Clock::System, address).await?;
        store_credentials(&state).await?;
        shared = Some(state.clone());
        Ok(keyward::build(state))
    });
    let address = address.await?;
    Ok((address, shared.ok_or("not built")?, keys))
}

/// In one transaction, in the form the server itself stores them.
async fn store_credentials(state: &AppState) -> Result<(), Box<dyn Error>> {
    let now = Clock::System.now();
    let transaction = keyward::database::begin_write(&state.db).await?;
    let sealer = state.keyring.sealer(&transaction).await?;
    for n in 0..PROVIDERS_STORED {
        let id = format!("provider-{n:04}");
        let value = format!("sk-{n:045}");
        let mut models = Vec::new();
        for m in 0..MODELS_OF_EACH {
            let model = format!("model-{m}");
            let row_id = model_id(&id, &model);
            let subject = Subject::model(&row_id, &id, &model);
            models.push(model::Model {
                mac: None,
                encrypted_value: sealer.seal(&subject, value.as_bytes())?,
                id: row_id.clone(),
                provider: id.clone(),
                model: model.clone(),
                key_id: sealer.key_id.clone(),
                hint: None,
                created_by: None,
                created_at: now,
                updated_at: now,
            });
        }
        let models = models.into_iter().map(IntoActiveModel::into_active_model);
        model::Entity::insert_many(models).exec_without_returning(&transaction).await?;
        let provider = provider::Model {
            mac: None,
            encrypted_value: sealer.seal(&Subject::provider(&id, None), value.as_bytes())?,
            id: id.clone(),
            key_id: sealer.key_id.clone(),
            hint: None,
            base_url: None,
            note: None,
            created_by: None,
            created_at: now,
            updated_at: now,
        };
        let provider = provider.into_active_model();
        provider::Entity::insert(provider).exec_without_returning(&transaction).await?;
    }
    Ok(transaction.commit().await?)
}
