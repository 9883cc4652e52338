//! Opening the store: the database, its keys, and whether it is the store that this machine has seen.

use super::error::StartError;
use crate::clock::Clock;
use crate::config::StoreConfig;
use crate::database::{self, DatabaseConnection, OpenError, Opening};
use crate::encryption::error::UnlockError;
use crate::encryption::unlock::{self, Manner, Unlocked};
use crate::watermark::{self, Watermark, WatermarkError, stored};

/// A store that can be used.
pub struct Opened {
    pub db: DatabaseConnection,
    pub unlocked: Unlocked,
    pub watermark: Watermark,
}

/// What keeps a store from being used, which was opened all the same.
#[derive(Debug, Default)]
pub struct Wrong {
    /// Its wrapped keys were changed from outside.
    pub keys: Option<UnlockError>,
    /// It is behind what was seen of it, or another one.
    pub place: Option<WatermarkError>,
}

/// Opens the database, brings it up to date and opens its keys.
pub async fn open(
    config: &StoreConfig,
    clock: &Clock,
    opening: Opening,
) -> Result<Opened, StartError> {
    let opened = open_altered(config, clock, opening, Some(opening), Manner::Looking).await?;
    match opened {
        (opened, Wrong { keys: None, place: None }) => Ok(opened),
        (_, Wrong { keys: Some(error), .. }) => Err(StartError::Locked(error)),
        (_, Wrong { place: Some(error), .. }) => Err(error.into()),
    }
}

/// Like [`open`], for a command that only looks: a store that is behind will do.
pub async fn open_to_look(config: &StoreConfig, clock: &Clock) -> Result<Opened, StartError> {
    let opening = Opening::Command;
    let (opened, wrong) = open_altered(config, clock, opening, None, Manner::Looking).await?;
    if let Some(error) = wrong.keys {
        return Err(StartError::Locked(error));
    }
    if let Some(error) = wrong.place {
        tracing::warn!("{error}");
    }
    Ok(opened)
}

/// Like [`open`], for a command that looks into a store or repairs it: also opens one that is
/// not as it should be, and says so. `keeping`: whether a watermark is made where there is none.
pub async fn open_altered(
    config: &StoreConfig,
    clock: &Clock,
    opening: Opening,
    keeping: Option<Opening>,
    manner: Manner,
) -> Result<(Opened, Wrong), StartError> {
    let seen = watermark::look(config, opening)?;
    seen.expect_database()?;
    let db = database::connect(&config.database, opening).await?;
    let presence = stored::presence(&db).await?;
    seen.expect_store(&presence, manner == Manner::Accepting)?;
    if opening == Opening::Command && !database::schema::is_store(&db).await? {
        return Err(OpenError::Missing(config.database.place()).into());
    }
    database::migrate(&db).await?;
    let unlocked = unlock::unlock_altered(&db, &config.root_keys, clock, manner).await;
    let (unlocked, keys) = unlocked.map_err(|error| match error {
        UnlockError::Store(error) => error.into(),
        other => StartError::Locked(other),
    })?;
    let (watermark, place) = seen.open(&db, &unlocked, &presence, keeping, clock).await?;
    Ok((Opened { db, unlocked, watermark }, Wrong { keys, place }))
}
