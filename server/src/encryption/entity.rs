//! Rows of the table `encryption_keys`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "encryption_keys")]
pub struct Model {
    /// A UUID; sealed values name it in their `key_id`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What it is for; see [`super::wrapped_key::Purpose`].
    pub purpose: String,
    /// Counts up from 1 for each purpose.
    pub version: i32,
    /// Active or retired; one of each purpose is active.
    pub state: String,
    pub wrapped: Vec<u8>,
    /// The name of the root key it is sealed under.
    pub kek_id: String,
    pub created_by: String,
    pub created_at: TimeDateTimeWithTimeZone,
    pub retired_at: Option<TimeDateTimeWithTimeZone>,
}

/// No foreign keys: a value under a key that is not there must be reported, not be impossible.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
