//! Rows of the table `secrets`.

use sea_orm::entity::prelude::*;

use crate::encryption::columns::{SealedRow, Subject};

/// A secret. Its value is sealed for this row and no other.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secrets")]
pub struct Model {
    /// A UUID for rows made here; imported rows keep what they had.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub key: String,
    /// The sealed value; see `keyward_core::seal`.
    pub encrypted_value: Vec<u8>,
    /// The nonce of the older layout.
    pub iv: Option<Vec<u8>>,
    /// The data key it is sealed under; none in the older layout.
    pub key_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub created_by: Option<String>,
    pub created_at: TimeDateTimeWithTimeZone,
    /// When value or description changed; each change makes it later.
    pub updated_at: TimeDateTimeWithTimeZone,
    /// Of a value that is sealed without its key: see [`crate::encryption::unbound`].
    pub mac: Option<Vec<u8>>,
}

impl Model {
    /// The value with what is needed to open it.
    pub fn sealed(&self) -> SealedRow {
        let Self { id, key, key_id, iv, encrypted_value, mac, .. } = self.clone();
        let bound = Subject::secret(&id, &key).bound();
        SealedRow { id, label: key, bound, key_id, iv, mac, sealed: encrypted_value }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
