//! A temporary database with keys in it, as the server under measurement finds it.

use std::error::Error;
use std::path::PathBuf;

use keyward::clock::Clock;
use keyward::config::{Config, Flags};
use keyward::keys::token::PlainKey;
use keyward::settings::{Entity, Kind, Model};
use keyward::{database, settings};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel};
use serde_json::json;

/// Rows of one `INSERT`; `SQLite` takes 32 766 values in one, and a row has 7.
const BATCH: usize = 2_000;

/// A folder that is gone when this is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder; `name` and the process tell it from others.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("keyward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// What an operator would set: a root key, and a database in this folder.
    pub fn config(&self) -> Result<Config, Box<dyn Error>> {
        let url = format!("sqlite://{}/keyward.db", self.0.display());
        let variable = |name: &str| match name {
            "SECRETS_ENCRYPTION_KEY" => Some("q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=".into()),
            "DATABASE_URL" => Some(url.clone()),
            _ => None,
        };
        Ok(Config::load(&Flags::default(), &variable)?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}

/// Migrates the database of `config` and stores `count` keys in one transaction, in the
/// form the server itself stores them.
pub async fn store_keys(config: &Config, count: usize) -> Result<Vec<PlainKey>, Box<dyn Error>> {
    let db: DatabaseConnection = database::connect(config.store.database.url.expose()).await?;
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
        kind: Kind::ApiKey.as_str().to_owned(),
        key: format!("key {n}"),
        value: value.to_string(),
        created_at: now,
        updated_at: now,
        last_used_at: None,
    }
}
