//! Whether the store is the one that this machine has seen: rule 3.
//!
//! 1. The file is read before the database is touched, and a place that is empty now is refused
//!    before anything is made in it.
//! 2. What else is wrong is said after the stored keys were opened: a wrong root key is reported
//!    as one.
//! 3. Where there is no file one is made. A store that was there before is new to this machine: a
//!    backup that was restored before could not be noticed.

use std::fs;
use std::path::PathBuf;

use keyward_core::kek::RootKeys;
use keyward_core::watermark::{self, Marks, Standing, judge};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::error::WatermarkError;
use super::file::{FileError, LogFile};
use super::keeper::Watermark;
use super::known::Trust;
use super::place::{self, Place};
use super::stored::{self, Presence};
use crate::clock::Clock;
use crate::config::StoreConfig;
use crate::database::Opening;
use crate::database::StoreError;
use crate::encryption::unlock::Unlocked;

/// What was found on this machine before the store was opened.
pub struct Look {
    place: Place,
    /// What people call the place of the store.
    name: String,
    roots: RootKeys,
    found: Found,
}

enum Found {
    Nothing,
    File(Box<(LogFile, Marks)>),
    Unusable(watermark::Unusable),
}

/// Reads the watermark of the place where a store is, or is to be.
pub fn look(config: &StoreConfig, opening: Opening) -> Result<Look, WatermarkError> {
    let place = place::find(config, opening)?;
    let roots = config.root_keys.clone();
    let found = match LogFile::open(&place.file, &roots) {
        Ok(None) => Found::Nothing,
        Ok(Some((file, marks))) => Found::File(Box::new((file, marks))),
        Err(FileError::Unusable(reason)) => Found::Unusable(reason),
        Err(error) => return Err(WatermarkError::of_file(place.file, error)),
    };
    Ok(Look { place, name: config.database.place(), roots, found })
}

impl Look {
    /// Whether there is a watermark.
    pub fn is_there(&self) -> bool {
        !matches!(self.found, Found::Nothing)
    }

    /// Where it is, or would be.
    pub fn file(&self) -> PathBuf {
        self.place.file.clone()
    }

    /// Refuses a place without the file of a database where one was.
    pub fn expect_database(&self) -> Result<(), WatermarkError> {
        match &self.place.database {
            Some(database) if !database.exists() => self.expect_store(&Presence::Nothing, false),
            _ => Ok(()),
        }
    }

    /// Refuses a place without a store where one was; and one of an earlier version, which opening it
    /// would sign, unless that is what a person wants.
    pub fn expect_store(
        &self,
        presence: &Presence,
        is_accepted: bool,
    ) -> Result<(), WatermarkError> {
        let expects_one = match &self.found {
            Found::Nothing => false,
            Found::File(found) => found.1.store.is_some(),
            Found::Unusable(_) => true,
        };
        match presence {
            Presence::Nothing if expects_one => {
                Err(WatermarkError::Gone { place: self.name.clone(), file: self.file() })
            }
            Presence::Unsigned if expects_one && !is_accepted => {
                Err(WatermarkError::OtherStore { place: self.name.clone(), file: self.file() })
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with the store, which was opened; and how it stands if nothing is.
    async fn standing(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<Result<Standing, WatermarkError>, StoreError> {
        let (place, file) = (self.name.clone(), self.file());
        let marks = match &self.found {
            Found::Nothing => return Ok(Ok(Standing::Continues)),
            Found::File(found) => &found.1,
            Found::Unusable(reason) => {
                return Ok(Err(WatermarkError::Unusable { file, reason: reason.clone() }));
            }
        };
        let Some(seen) = &marks.store else { return Ok(Ok(Standing::Continues)) };
        if stored::of_keys(db).await? != Presence::Store(seen.clone()) {
            return Ok(Err(WatermarkError::OtherStore { place, file }));
        }
        let Some(seen) = &marks.position else { return Ok(Ok(Standing::Continues)) };
        Ok(match judge(seen, &stored::stored(db, seen).await?) {
            Standing::Behind(behind) => Err(WatermarkError::Behind { place, file, behind }),
            standing => Ok(standing),
        })
    }

    /// What is wrong with the store, which was opened; none: nothing.
    pub async fn problem(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<Option<WatermarkError>, StoreError> {
        Ok(self.standing(db).await?.err())
    }

    /// The watermark of a store that was opened, and what is wrong with that. `before` was there
    /// before it was. To change something, a file is made where there is none.
    pub async fn open(
        self,
        db: &impl ConnectionTrait,
        unlocked: &Unlocked,
        before: &Presence,
        opening: Option<Opening>,
        clock: &Clock,
    ) -> Result<(Watermark, Option<WatermarkError>), WatermarkError> {
        let standing = self.standing(db).await?;
        let store = match stored::of_keys(db).await.map_err(StoreError::from)? {
            Presence::Store(id) => Some(id),
            Presence::Nothing | Presence::Unsigned | Presence::Broken => None,
        };
        let position = stored::position(db, &unlocked.audit, &unlocked.rows).await?;
        let Self { place, roots, found, .. } = self;
        let of_file = |error| WatermarkError::of_file(place.file.clone(), error);
        let watermark = match found {
            Found::Unusable(_) => salvaged(&place, &roots),
            Found::Nothing if !makes_one(opening, &place) => Watermark::nowhere(&roots),
            Found::Nothing => {
                let met = (*before != Presence::Nothing).then(|| micros(clock.now()));
                let marks = Marks::of(store, met, position);
                let (file, marks) =
                    LogFile::create(&place.file, &roots, &marks).map_err(of_file)?;
                if marks.met.is_some() {
                    tracing::warn!(
                        "this machine has not seen this store before: whether a backup was \
                         restored cannot be said; from now on it can ({})",
                        place.file.display()
                    );
                }
                Watermark::at(file, &place.file, &roots, marks)
            }
            Found::File(found) => {
                let (file, marks) = *found;
                let is_first = marks.store.is_none();
                let is_due = opening == Some(Opening::Store) || file.is_former();
                let watermark = Watermark::at(file, &place.file, &roots, marks);
                if is_first && opening.is_some() {
                    watermark.adopt(store.as_deref(), position).map_err(of_file)?;
                } else if is_due && standing.is_ok() {
                    watermark.tidy().map_err(of_file)?;
                }
                watermark
            }
        };
        match standing {
            Ok(standing) => {
                watermark.known().trust = Trust::of(standing);
                Ok((watermark, None))
            }
            Err(problem) => {
                watermark.leave();
                Ok((watermark, Some(problem)))
            }
        }
    }

    /// Lets another store begin where one was. What was revoked stays so.
    pub fn forget_store(self) -> Result<(), WatermarkError> {
        let Self { place, roots, found, .. } = self;
        let of_file = |error| WatermarkError::of_file(place.file.clone(), error);
        match found {
            Found::Nothing => Ok(()),
            Found::File(found) => {
                let (file, marks) = *found;
                let watermark = Watermark::at(file, &place.file, &roots, marks);
                watermark.adopt(None, None).map_err(of_file)
            }
            Found::Unusable(_) => {
                let watermark = salvaged(&place, &roots);
                watermark.adopt(None, None).map_err(of_file)
            }
        }
    }
}

/// What can still be read of a file that cannot be used.
fn salvaged(place: &Place, roots: &RootKeys) -> Watermark {
    let bytes = fs::read(&place.file).unwrap_or_default();
    Watermark::of(None, place.file.clone(), roots, watermark::salvage(&bytes, roots.all()))
}

/// A server always does; a command where a server would.
fn makes_one(opening: Option<Opening>, place: &Place) -> bool {
    match opening {
        Some(Opening::Store) => true,
        Some(Opening::Command) => place.folder.is_dir(),
        None => false,
    }
}

fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX)
}
