//! One row of the settings table.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyward_core::row::{Authenticated, Columns};
use sea_orm::entity::prelude::*;
use sea_orm::{DbErr, FromQueryResult, QueryResult};

/// `UNIQUE(type, key)`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    /// A UUID for rows made here; imported rows keep what they had.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What the row is; see [`super::RowType`].
    #[sea_orm(column_name = "type")]
    pub kind: String,
    pub key: String,
    /// JSON. Text in the schema, so that one broken row does not break a query.
    #[sea_orm(column_type = "Text")]
    pub value: String,
    pub created_at: TimeDateTimeWithTimeZone,
    /// When `key` or `value` changed last.
    pub updated_at: TimeDateTimeWithTimeZone,
    /// In whole seconds; written behind, and no change of the row.
    pub last_used_at: Option<TimeDateTimeWithTimeZone>,
    /// The same of the key that this one replaced; means something while that still works.
    pub former_last_used_at: Option<TimeDateTimeWithTimeZone>,
    /// See [`Authenticated`].
    pub mac: Option<Vec<u8>>,
    /// From where it was used last; none: not known.
    pub last_used_address: Option<String>,
}

/// All but the last uses, which decide nothing and are written behind.
impl Authenticated for Model {
    const TABLE: &'static str = "settings";

    fn write(&self, columns: &mut Columns) {
        columns.put(&self.id);
        columns.put(&self.kind);
        columns.put(&self.key);
        columns.put(&self.value);
        columns.put_time(self.created_at);
        columns.put_time(self.updated_at);
    }

    fn mac(&self) -> Option<&[u8]> {
        self.mac.as_deref()
    }
}

#[derive(Clone, Debug)]
pub enum FoundRow {
    Whole(Model),
    /// A column holds what is no text or no time.
    Broken {
        /// The id, as far as it is text.
        id: String,
        /// The key, as far as it is text.
        key: String,
        /// Which column, and what the driver says of it.
        reason: String,
        /// The mac, as far as it is bytes.
        mac: Option<Vec<u8>>,
    },
}

impl FoundRow {
    /// The id, as far as it is text.
    pub fn id(&self) -> &str {
        match self {
            Self::Whole(row) => &row.id,
            Self::Broken { id, .. } => id,
        }
    }

    pub fn mac(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(row) => row.mac.as_deref(),
            Self::Broken { mac, .. } => mac.as_deref(),
        }
    }
}

/// The columns of a query for whole rows, by their places: for very many of them, looking them up
/// by name takes as long as to read them.
fn columns(row: &QueryResult) -> Result<Model, DbErr> {
    Ok(Model {
        id: row.try_get_by_index(0)?,
        kind: row.try_get_by_index(1)?,
        key: row.try_get_by_index(2)?,
        value: row.try_get_by_index(3)?,
        created_at: row.try_get_by_index(4)?,
        updated_at: row.try_get_by_index(5)?,
        last_used_at: row.try_get_by_index(6)?,
        former_last_used_at: row.try_get_by_index(7)?,
        mac: row.try_get_by_index(8)?,
        last_used_address: row.try_get_by_index(9)?,
    })
}

impl FromQueryResult for FoundRow {
    /// Of a query for whole rows. Never fails: one broken row must not hide the others.
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let text = |column| row.try_get(prefix, column).unwrap_or_default();
        // The driver panics at times that are none, such as 'infinity' in PostgreSQL.
        let read = catch_unwind(AssertUnwindSafe(|| columns(row)));
        let reason = match read {
            Ok(Ok(whole)) => return Ok(Self::Whole(whole)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a time is out of range".to_owned(),
        };
        let mac = row.try_get(prefix, "mac").unwrap_or_default();
        Ok(Self::Broken { id: text("id"), key: text("key"), reason, mac })
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
