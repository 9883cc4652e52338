//! Secrets in the database of a store under measurement.

use std::error::Error;

use keyward::clock::Clock;
use keyward::database::{DatabaseConnection, begin_write};
use keyward::encryption::Keyring;
use keyward::encryption::columns::Subject;
use keyward::secrets::entity::{Entity, Model};
use sea_orm::{EntityTrait, IntoActiveModel};

/// Rows of one `INSERT`.
const BATCH: usize = 2_000;

/// Stores so many secrets of 200 bytes, in one transaction.
pub async fn store_secrets(
    db: &DatabaseConnection,
    keyring: &Keyring,
    values: usize,
) -> Result<(), Box<dyn Error>> {
    let transaction = begin_write(db).await?;
    let sealer = keyring.sealer(&transaction).await?;
    let now = Clock::System.now();
    let numbers: Vec<usize> = (0..values).collect();
    for batch in numbers.chunks(BATCH) {
        let rows = batch.iter().map(|n| {
            let (id, key) = (format!("01900000-0000-7000-8000-{n:012}"), format!("KEY_{n}"));
            let encrypted_value = sealer.seal(&Subject::secret(&id, &key), &[7; 200])?;
            let row = Model {
                id,
                key,
                encrypted_value,
                iv: None,
                key_id: Some(sealer.key_id.clone()),
                description: None,
                created_by: None,
                created_at: now,
                updated_at: now,
                mac: None,
            };
            Ok(row.into_active_model())
        });
        let rows = rows.collect::<Result<Vec<_>, rand::rngs::SysError>>()?;
        Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
