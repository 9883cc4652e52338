//! One row of the settings table.

use sea_orm::entity::prelude::*;

/// `UNIQUE(type, key)`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    /// A UUID for rows made here; imported rows keep what they had.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What the row is; see [`super::Kind`].
    #[sea_orm(column_name = "type")]
    pub kind: String,
    /// Distinct within the type.
    pub key: String,
    /// JSON. Text in the schema, so that one broken row does not break a query.
    #[sea_orm(column_type = "Text")]
    pub value: String,
    /// When the row was made.
    pub created_at: TimeDateTimeWithTimeZone,
    /// When `key` or `value` changed last.
    pub updated_at: TimeDateTimeWithTimeZone,
    /// In whole seconds; written behind, and no change of the row.
    pub last_used_at: Option<TimeDateTimeWithTimeZone>,
}

/// No foreign keys.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
