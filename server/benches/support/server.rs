//! Keys in the database of a server under measurement.

use std::error::Error;

use keyward::clock::Clock;
use keyward::config::Config;
use keyward::database::Opening;
use keyward::settings::{Entity, Model, RowType};
use keyward::{database, settings};
use keyward_core::token::PlainKey;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::json;

/// Rows of one `INSERT`; `SQLite` takes 32 766 values in one, and a row has 7.
const BATCH: usize = 2_000;

/// Migrates the database of `config` and stores `count` keys in one transaction, in the
/// form the server itself stores them, but for their macs, which the first start makes.
pub async fn store_keys(config: &Config, count: usize) -> Result<Vec<PlainKey>, Box<dyn Error>> {
    let db = database::connect(&config.store.database, Opening::Store).await?;
    database::migrate(&db).await?;
    let mut rng = StdRng::seed_from_u64(1);
    let keys = (0..count).map(|_| PlainKey::generate(&mut rng)).collect::<Result<Vec<_>, _>>()?;
    let transaction = database::begin_write(&db).await?;
    for (batch, keys) in keys.chunks(BATCH).enumerate() {
        let rows = keys.iter().zip(batch * BATCH..).map(|(key, n)| row(key, n).into_active_model());
        Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    db.close().await?;
    Ok(keys)
}

fn row(key: &PlainKey, n: usize) -> settings::Model {
    let now = Clock::System.now();
    let value = json!({
        "key_prefix": key.display_prefix(), "key_hash": key.digest().to_hex(),
        "scopes": ["secrets:read", "providers:resolve"], "expires_at": null, "enabled": true,
        "created_by": "somebody@example.com",
    });
    Model {
        id: format!("01900000-0000-7000-8000-{n:012}"),
        kind: RowType::ApiKey.as_str().to_owned(),
        key: format!("key {n}"),
        value: value.to_string(),
        created_at: now,
        updated_at: now,
        last_used_at: None,
        former_last_used_at: None,
        mac: None,
        last_used_address: None,
    }
}
