//! Rows of the tables `generation`, `key_changes` and `key_creations`. The keys themselves are rows of the
//! settings table.

/// The number of the last change of each authenticated set, and what its rows add up to.
pub mod generation {
    use sea_orm::entity::prelude::*;

    /// One set; see `keyward_core::set`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "generation")]
    pub struct Model {
        /// Which set: see `SetName`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i16,
        /// Raised by one by each change.
        pub n: i64,
        /// How many rows there are; none: never signed.
        pub count: Option<i64>,
        pub sum: Option<Vec<u8>>,
        pub mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the last changes were about.
pub mod change {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub n: i64,
        /// The key that was made, changed or deleted.
        pub key_id: String,
        /// Drawn at random: two histories of a store that reach the same number differ in it.
        pub mark: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was made lately by requests with an `Idempotency-Key`; see [`once`](super::once).
pub mod creation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_creations")]
    pub struct Model {
        /// A hash of who asked and the header.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// A hash of what was asked for.
        pub request: String,
        /// The key that was made.
        pub key_id: String,
        pub created_at: TimeDateTimeWithTimeZone,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
