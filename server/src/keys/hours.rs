//! The table of what was verified in each hour.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use time::OffsetDateTime;

use crate::database::{DatabaseConnection, begin_write};

/// An hour, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hour(i64);

impl Hour {
    const SECONDS: i64 = 3_600;

    /// The hour of this time.
    pub fn of(time: OffsetDateTime) -> Self {
        Self(time.unix_timestamp().div_euclid(Self::SECONDS))
    }

    /// So many hours later.
    #[must_use]
    pub fn plus(self, hours: i64) -> Self {
        Self(self.0.saturating_add(hours))
    }

    /// When it begins.
    pub fn start(self) -> OffsetDateTime {
        let seconds = self.0.saturating_mul(Self::SECONDS);
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// The keys that were presented in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub accepted: u64,
    pub refused: u64,
}

/// Adds to what is stored, and deletes the hours that are not to be kept.
pub async fn add(
    db: &DatabaseConnection,
    hours: &BTreeMap<Hour, Counts>,
    kept: RangeInclusive<Hour>,
) -> Result<(), DbErr> {
    const ADD: &str = "INSERT INTO verification_hours (hour, accepted, refused) \
        VALUES ($1, $2, $3) ON CONFLICT (hour) DO UPDATE SET \
        accepted = verification_hours.accepted + excluded.accepted, \
        refused = verification_hours.refused + excluded.refused";
    const PRUNE: &str = "DELETE FROM verification_hours WHERE hour < $1 OR hour > $2";
    let (transaction, backend) = (begin_write(db).await?, db.get_database_backend());
    // In one order everywhere, so that two servers do not wait for each other's rows.
    for (hour, Counts { accepted, refused }) in hours {
        let values = [hour.0.into(), number(*accepted).into(), number(*refused).into()];
        let add = Statement::from_sql_and_values(backend, ADD, values);
        transaction.execute_raw(add).await?;
    }
    let values = [kept.start().0.into(), kept.end().0.into()];
    let prune = Statement::from_sql_and_values(backend, PRUNE, values);
    transaction.execute_raw(prune).await?;
    transaction.commit().await
}

/// What is stored of these hours.
pub async fn list(
    db: &impl ConnectionTrait,
    hours: RangeInclusive<Hour>,
) -> Result<BTreeMap<Hour, Counts>, DbErr> {
    const LIST: &str = "SELECT hour, accepted, refused FROM verification_hours \
        WHERE hour >= $1 AND hour <= $2";
    let values = [hours.start().0.into(), hours.end().0.into()];
    let list = Statement::from_sql_and_values(db.get_database_backend(), LIST, values);
    let rows = db.query_all_raw(list).await?;
    let count = |row: &QueryResult, column| {
        u64::try_from(row.try_get::<i64>("", column).unwrap_or_default()).unwrap_or(0)
    };
    let read = |row: &QueryResult| {
        let counts = Counts { accepted: count(row, "accepted"), refused: count(row, "refused") };
        Some((Hour(row.try_get("", "hour").ok()?), counts))
    };
    Ok(rows.iter().filter_map(read).collect())
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
