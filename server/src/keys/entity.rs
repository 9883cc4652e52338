//! Rows of the tables `generation` and `key_changes`. The keys themselves are rows of the
//! settings table.

/// The number of the last change, and what the rows of each set add up to.
pub mod generation {
    use sea_orm::entity::prelude::*;

    /// A set: see [`SetName`](crate::authenticity::set::SetName).
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "generation")]
    pub struct Model {
        /// The number of the set; that of the API keys is 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i16,
        /// Raised by one by each change.
        pub n: i64,
        /// How many rows there are; none, like the next two: unsigned.
        pub count: Option<i64>,
        /// What they add up to, masked.
        pub sum: Option<Vec<u8>>,
        /// The mac of all of it.
        pub mac: Option<Vec<u8>>,
    }

    /// No foreign keys.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the last changes were about.
pub mod change {
    use sea_orm::entity::prelude::*;

    /// One change.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_changes")]
    pub struct Model {
        /// The generation that it made.
        #[sea_orm(primary_key, auto_increment = false)]
        pub n: i64,
        /// The key that was made, changed or deleted.
        pub key_id: String,
    }

    /// No foreign keys.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
