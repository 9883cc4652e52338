//! Rows of the tables `users` and `sessions`.

pub mod users {
    use sea_orm::entity::prelude::*;

    use keyward_core::row::{Authenticated, Columns};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextUuid,
        #[sea_orm(unique)]
        pub email: String,
        pub password_hash: String,
        pub created_at: TimeDateTimeWithTimeZone,
        /// See [`Authenticated`].
        pub mac: Option<Vec<u8>>,
    }

    impl Authenticated for Model {
        const TABLE: &'static str = "users";

        fn write(&self, columns: &mut Columns) {
            columns.put(self.id.to_string());
            columns.put(&self.email);
            columns.put(&self.password_hash);
            columns.put_time(self.created_at);
        }

        fn mac(&self) -> Option<&[u8]> {
            self.mac.as_deref()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod sessions {
    use sea_orm::entity::prelude::*;

    use keyward_core::row::{Authenticated, Columns};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        /// Lower-case hex SHA-256 of the token in the cookie.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub user_id: TextUuid,
        pub created_at: TimeDateTimeWithTimeZone,
        /// The last request, up to a minute late.
        pub last_seen_at: TimeDateTimeWithTimeZone,
        pub expires_at: TimeDateTimeWithTimeZone,
        /// See [`Authenticated`].
        pub mac: Option<Vec<u8>>,
        /// The mac of the last request.
        pub seen_mac: Option<Vec<u8>>,
    }

    /// All but the last request: see [`Seen`](crate::session::seen::Seen).
    impl Authenticated for Model {
        const TABLE: &'static str = "sessions";

        fn write(&self, columns: &mut Columns) {
            columns.put(&self.token_hash);
            columns.put(self.user_id.to_string());
            columns.put_time(self.created_at);
            columns.put_time(self.expires_at);
        }

        fn mac(&self) -> Option<&[u8]> {
            self.mac.as_deref()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::users::Entity",
            from = "Column::UserId",
            to = "super::users::Column::Id",
            on_delete = "Cascade"
        )]
        User,
    }

    impl Related<super::users::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}
