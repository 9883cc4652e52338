//! Rows of the tables `audit_log` and `audit_head`.

pub mod log {
    use sea_orm::entity::prelude::*;

    use keyward_core::chain::{Fields, StoredEntry};

    /// One entry; what its columns mean is in `keyward_api::audit`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_log")]
    pub struct Model {
        /// Counts up from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// Microseconds since 1970.
        pub time: i64,
        pub actor_kind: String,
        pub actor_id: Option<String>,
        pub actor_name: Option<String>,
        pub action: String,
        pub target: Option<String>,
        pub outcome: String,
        pub detail: Option<String>,
        pub request_id: Option<String>,
        pub address: Option<String>,
        #[sea_orm(unique)]
        pub prev_hash: Vec<u8>,
        pub entry_hash: Vec<u8>,
        pub mac: Vec<u8>,
    }

    impl Model {
        /// What is hashed, in the order in which it is hashed.
        pub fn fields(&self) -> Fields<'_> {
            Fields {
                seq: self.seq,
                time: self.time,
                texts: [
                    Some(&self.actor_kind),
                    self.actor_id.as_deref(),
                    self.actor_name.as_deref(),
                    Some(&self.action),
                    self.target.as_deref(),
                    Some(&self.outcome),
                    self.detail.as_deref(),
                    self.request_id.as_deref(),
                    self.address.as_deref(),
                ],
            }
        }

        pub fn stored(&self) -> StoredEntry<'_> {
            StoredEntry {
                fields: self.fields(),
                prev_hash: &self.prev_hash,
                entry_hash: &self.entry_hash,
                mac: &self.mac,
            }
        }
    }

    /// No foreign keys: an entry outlives what it is about.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The last entry.
pub mod head {
    use sea_orm::entity::prelude::*;

    /// The only row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_head")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// The number of the last entry.
        pub seq: i64,
        /// The hash of the last entry.
        pub entry_hash: Vec<u8>,
        pub mac: Vec<u8>,
        /// How often each authenticated set was changed: see `super::super::sets`.
        pub sets: Option<Vec<u8>>,
        /// The mac of these and of number and hash.
        pub sets_mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// As times are stored: microseconds since 1970.
pub(super) fn micros(time: time::OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX)
}
