//! All of it together. Costs little however much is stored: the numbers of the keys are kept, one
//! walk over the columns in memory finds those that need a person, and everything else is a count
//! or a query with an index and a limit.

use std::sync::Arc;

use keyward_api::overview::{Overview, OverviewCounts, VerificationHour};
use keyward_core::row::RowKey;
use keyward_core::set::SetName;
use time::{Duration, OffsetDateTime};

use super::attention::attention;
use super::facts::{Facts, Group, Overdue, Refused};
use super::root_key;
use crate::audit::{Actor, AuditLog, answer, lookup};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError};
use crate::keys::Registry;
use crate::keys::hours::{self, Hour};
use crate::keys::listing::Concerned;
use crate::session::people::People;
use crate::{backup, encryption, providers, secrets, session};

/// Hours that are shown.
const HOURS: i64 = 24;

/// Changes that are shown.
const CHANGES: usize = 8;

/// For so long a machine that met a store is new to it.
const NEW: Duration = Duration::days(7);

/// An address that was refused so often in a day is reported.
const MANY_REFUSALS: u64 = 100;

/// What a person sees first. Cheap to clone.
#[derive(Clone)]
pub struct Overviews(Arc<OverviewParts>);

/// The parts of [`Overviews`].
pub struct OverviewParts {
    pub db: DatabaseConnection,
    pub clock: Clock,
    pub audit: AuditLog,
    pub rows: RowKey,
    pub keys: Registry,
    pub people: People,
    /// The id of the root key.
    pub root_key: String,
    /// Whether the root key of before a change is still there.
    pub has_previous_root_key: bool,
    /// Whether others reach this server unencrypted.
    pub is_plain_http: bool,
}

impl From<OverviewParts> for Overviews {
    fn from(parts: OverviewParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Overviews {
    /// What it is now.
    pub async fn now(&self) -> Result<Overview, StoreError> {
        let OverviewParts { db, clock, keys, .. } = &*self.0;
        let now = clock.now();
        let counted = keys.counts();
        let facts = self.facts(now).await?;
        let counts = OverviewCounts {
            keys: counted.all() as u64,
            active: counted.active as u64,
            secrets: secrets::store::number(db).await?,
            providers: providers::store::number(db).await?,
        };
        let recent = lookup::last_changes(db, CHANGES).await?;
        Ok(Overview {
            attention: attention(&facts, now),
            counts,
            verifications: verifications(db, now).await?,
            recent: recent.into_iter().map(answer::entry).collect(),
        })
    }

    /// Remembers that `actor` said that a copy of the root key is kept.
    pub async fn keep_root_key(&self, actor: &Actor) -> Result<(), StoreError> {
        let OverviewParts { db, clock, audit, rows, root_key, .. } = &*self.0;
        root_key::keep(db, audit, rows, root_key, actor, clock.now()).await
    }

    async fn facts(&self, now: OffsetDateTime) -> Result<Facts, StoreError> {
        let OverviewParts { db, audit, rows, keys, people, root_key, .. } = &*self.0;
        let survey = keys.survey().await?;
        let altered_set = match (keys.altered(), people.altered()) {
            (true, _) => Some(SetName::Keys.rows()),
            (_, true) => Some(SetName::People.rows()),
            _ => None,
        };
        Ok(Facts {
            broken: audit.known_break(db).await?,
            broken_keys: self.group(survey.broken).await?,
            altered: keys.counts().altered as u64,
            altered_set,
            is_root_key_kept: root_key::is_kept(db, rows, root_key).await?,
            refused: refused(db, now).await?,
            expiring: self.group(survey.expiring).await?,
            old_keys: keys.with_used_old_key(&survey.overlapping).await?,
            has_previous_root_key: self.0.has_previous_root_key,
            is_plain_http: self.0.is_plain_http,
            met: keys.watermark().met().filter(|met| now - *met < NEW),
            backup: overdue(db, now).await?,
            writing_forever: self.group(survey.writing_forever).await?,
            only_administrator: session::store::only_admin(db).await?,
            unused: self.group(survey.unused).await?,
        })
    }

    /// The same keys, by name when there is one only.
    async fn group(&self, Concerned { count, first, .. }: Concerned) -> Result<Group, StoreError> {
        let one = match first.filter(|_| count == 1) {
            Some(id) => self.0.keys.get(&id).await?,
            None => None,
        };
        // Another process may have deleted it since.
        Ok(Group { count: if count == 1 { u64::from(one.is_some()) } else { count }, one })
    }
}

async fn verifications(
    db: &DatabaseConnection,
    now: OffsetDateTime,
) -> Result<Vec<VerificationHour>, StoreError> {
    let last = Hour::of(now);
    let first = last.plus(1 - HOURS);
    let stored = hours::list(db, first..=last).await?;
    let shown = (0..HOURS).map(|n| {
        let hour = first.plus(n);
        let counts = stored.get(&hour).copied().unwrap_or_default();
        let hours::Counts { accepted, refused } = counts;
        VerificationHour { start: hour.start(), accepted, refused }
    });
    Ok(shown.collect())
}

/// Whether a backup is overdue. A store that is younger than that needs none yet.
async fn overdue(
    db: &DatabaseConnection,
    now: OffsetDateTime,
) -> Result<Option<Overdue>, StoreError> {
    if let Some(at) = lookup::last_backup(db).await? {
        let age = now - at;
        let days = Some(age.whole_days().max(0).unsigned_abs());
        return Ok((age > backup::MAX_AGE).then_some(Overdue { days }));
    }
    let keys = encryption::store::list(db).await?;
    let first = keys.iter().map(|key| key.created_at).min();
    let is_young = first.is_none_or(|first| now - first <= backup::MAX_AGE);
    Ok((!is_young).then_some(Overdue { days: None }))
}

async fn refused(
    db: &DatabaseConnection,
    now: OffsetDateTime,
) -> Result<Option<Refused>, StoreError> {
    let found = lookup::refused_since(db, now - Duration::DAY).await?;
    let many = || found.iter().filter(|(_, count)| **count >= MANY_REFUSALS);
    // Of two that were refused as often, always the same.
    let most = many().max_by_key(|(address, count)| (**count, *address));
    let sum = many().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count));
    let refused = |(address, _): (&String, _)| {
        let (address, addresses) = (address.clone(), many().count() as u64);
        Refused { address, addresses, count: sum }
    };
    Ok(most.map(refused))
}
