//! Whether the store is the one that this machine has seen: rule 3.
//!
//! 1. The file is read before the database is touched, and a place that is empty now is refused
//!    before anything is made in it.
//! 2. What else is wrong is said after the stored keys were opened: a wrong root key is reported
//!    as one.
//! 3. Where there is no file one is made. The store may have been seen in another place: under
//!    another name of its server, or restored beside where it was. Then what was seen there counts.
//!    Otherwise a store that was there before is new to this machine: a backup that was restored
//!    before could not be noticed.

use std::fs;
use std::path::PathBuf;

use keyward_core::kek::RootKeys;
use keyward_core::watermark::{self, Mark, Marks, Standing, judge};
use sea_orm::{ConnectionTrait, DbErr};
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
    /// What was seen in other places of this folder.
    elsewhere: Vec<Marks>,
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
    let elsewhere = match found {
        Found::Nothing => elsewhere(&place, &roots),
        _ => Vec::new(),
    };
    Ok(Look { place, name: config.database.place(), roots, found, elsewhere })
}

/// What the other files of the folder say. One that cannot be read says nothing of this store.
fn elsewhere(place: &Place, roots: &RootKeys) -> Vec<Marks> {
    let Ok(files) = fs::read_dir(&place.folder) else { return Vec::new() };
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let files = files.filter(|file| file.extension().is_some_and(|it| it == "watermark"));
    files.filter_map(|file| Some(LogFile::open(&file, roots).ok()??.1)).collect()
}

/// What was seen of this store in other places: the latest position, and all that was revoked.
fn seen_elsewhere(elsewhere: &[Marks], store: &str) -> Option<Marks> {
    let of_store = |marks: &&Marks| marks.store.as_deref() == Some(store);
    let mut all: Vec<&Marks> = elsewhere.iter().filter(of_store).collect();
    all.sort_by_key(|marks| marks.position.map(|position| position.seq));
    let latest = all.pop()?;
    let mut seen = latest.clone();
    for mark in all.into_iter().flat_map(Marks::lines) {
        if matches!(mark, Mark::Revoked(_)) {
            seen.apply(&mark);
        }
    }
    Some(seen)
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
        let elsewhere = self.seen_elsewhere(db).await?;
        let marks = match (&self.found, &elsewhere) {
            (Found::Nothing, None) => return Ok(Ok(Standing::Continues)),
            (Found::Nothing, Some(marks)) => marks,
            (Found::File(found), _) => &found.1,
            (Found::Unusable(reason), _) => {
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

    /// What was seen of the store that is here now in other places.
    async fn seen_elsewhere(&self, db: &impl ConnectionTrait) -> Result<Option<Marks>, DbErr> {
        if self.elsewhere.is_empty() {
            return Ok(None);
        }
        Ok(match stored::of_keys(db).await? {
            Presence::Store(id) => seen_elsewhere(&self.elsewhere, &id),
            Presence::Nothing | Presence::Unsigned | Presence::Broken => None,
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
        let mut standing = self.standing(db).await?;
        let elsewhere = self.seen_elsewhere(db).await.map_err(StoreError::from)?;
        let store = match stored::of_keys(db).await.map_err(StoreError::from)? {
            Presence::Store(id) => Some(id),
            Presence::Nothing | Presence::Unsigned | Presence::Broken => None,
        };
        let position = stored::position(db, &unlocked.audit, &unlocked.rows).await?;
        let Self { place, roots, found, .. } = self;
        let of_file = |error| WatermarkError::of_file(place.file.clone(), error);
        let watermark = match found {
            Found::Unusable(_) => salvaged(&place, &roots),
            Found::Nothing if !makes_one(opening, &place) => match elsewhere {
                Some(marks) => Watermark::of(None, PathBuf::new(), &roots, marks),
                None => Watermark::nowhere(&roots),
            },
            Found::Nothing if elsewhere.is_some() => {
                let seen = elsewhere.unwrap_or_default();
                let (file, marks) = LogFile::create(&place.file, &roots, &seen).map_err(of_file)?;
                Watermark::at(file, &place.file, &roots, marks)
            }
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
                if is_first && *before != Presence::Nothing {
                    // It was let go, and there is an earlier one: whether that goes on from what was
                    // seen cannot be said.
                    standing = standing.map(|_| Standing::MayContinue);
                    tracing::warn!(
                        "this machine goes on with a store that was there before: whether it is an \
                         earlier copy cannot be said"
                    );
                }
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
