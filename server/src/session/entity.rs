//! Rows of the tables `users`, `sessions`, `invitations` and `totp_secrets`.

pub mod users {
    use sea_orm::entity::prelude::*;

    use keyward_api::roles::Role;
    use keyward_core::row::{Authenticated, Columns};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextUuid,
        #[sea_orm(unique)]
        pub email: String,
        /// A PHC string; empty: the account has no password.
        pub password_hash: String,
        pub created_at: TimeDateTimeWithTimeZone,
        /// A word of [`Role`].
        pub role: String,
        pub is_disabled: bool,
        /// Whether the identity provider said that the address is theirs.
        pub is_email_verified: bool,
        pub last_sign_in_at: Option<TimeDateTimeWithTimeZone>,
        /// The row of `totp_secrets`; none: no codes are asked for.
        pub totp_id: Option<String>,
        /// The step of the last code that was accepted.
        pub totp_step: Option<i64>,
        /// Lower-case hex SHA-256 of each recovery code that was not used, with spaces between.
        pub recovery_codes: Option<String>,
        /// Who it is at the identity provider: its `iss`, and `sub` there.
        pub sso_issuer: Option<String>,
        pub sso_subject: Option<String>,
        /// See [`Authenticated`].
        pub mac: Option<Vec<u8>>,
    }

    impl Model {
        /// A new administrator who signs in with a password.
        pub fn admin(
            id: Uuid,
            email: &str,
            password_hash: String,
            created_at: TimeDateTimeWithTimeZone,
        ) -> Self {
            Self {
                id: id.into(),
                email: email.to_owned(),
                password_hash,
                created_at,
                role: Role::Admin.as_str().to_owned(),
                is_disabled: false,
                is_email_verified: false,
                last_sign_in_at: None,
                totp_id: None,
                totp_step: None,
                recovery_codes: None,
                sso_issuer: None,
                sso_subject: None,
                mac: None,
            }
        }

        /// What the person may do. A word that is no role is the least.
        pub fn role(&self) -> Role {
            Role::try_from(self.role.as_str()).unwrap_or(Role::Viewer)
        }

        /// Recovery codes that were not used.
        pub fn recovery_codes_left(&self) -> u8 {
            let codes = self.recovery_codes.as_deref().unwrap_or_default();
            u8::try_from(codes.split_whitespace().count()).unwrap_or(u8::MAX)
        }

        /// Whether it is what every account was before there were roles.
        fn is_plain_admin(&self) -> bool {
            let Self { totp_id, totp_step, recovery_codes, sso_issuer, sso_subject, .. } = self;
            self.role == Role::Admin.as_str()
                && !self.is_disabled
                && !self.is_email_verified
                && totp_step.is_none()
                && [totp_id, recovery_codes, sso_issuer, sso_subject].iter().all(|c| c.is_none())
        }
    }

    impl Authenticated for Model {
        const TABLE: &'static str = "users";

        fn write(&self, columns: &mut Columns) {
            columns.put(self.id.to_string());
            columns.put(&self.email);
            columns.put(&self.password_hash);
            columns.put_time(self.created_at);
            // Users of before there were roles keep their macs: the number of columns tells the
            // two layouts apart.
            if self.is_plain_admin() {
                return;
            }
            columns.put(&self.role);
            columns.put([u8::from(self.is_disabled), u8::from(self.is_email_verified)]);
            columns.put_or_none(self.totp_id.as_ref());
            columns.put_or_none(self.totp_step.map(i64::to_be_bytes));
            columns.put_or_none(self.recovery_codes.as_ref());
            columns.put_or_none(self.sso_issuer.as_ref());
            columns.put_or_none(self.sso_subject.as_ref());
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
        /// The browser or program, as it called itself.
        pub device: Option<String>,
        /// From where the person signed in.
        pub address: Option<String>,
        /// A word of [`keyward_api::account::SignedInBy`]; none: with a password.
        pub signed_in_by: Option<String>,
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
            // Sessions of before these were kept keep their macs.
            let more = [&self.device, &self.address, &self.signed_in_by];
            if more.iter().any(|column| column.is_some()) {
                for column in more {
                    columns.put_or_none(column.as_ref());
                }
            }
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

pub mod invitations {
    use sea_orm::entity::prelude::*;

    use keyward_core::row::{Authenticated, Columns};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TextUuid,
        /// Lower-case hex SHA-256 of the token in the link.
        #[sea_orm(unique)]
        pub token_hash: String,
        #[sea_orm(unique)]
        pub email: String,
        /// A word of [`keyward_api::roles::Role`].
        pub role: String,
        pub created_by: String,
        pub created_at: TimeDateTimeWithTimeZone,
        pub expires_at: TimeDateTimeWithTimeZone,
        /// See [`Authenticated`].
        pub mac: Option<Vec<u8>>,
    }

    impl Authenticated for Model {
        const TABLE: &'static str = "invitations";

        fn write(&self, columns: &mut Columns) {
            columns.put(self.id.to_string());
            columns.put(&self.token_hash);
            columns.put(&self.email);
            columns.put(&self.role);
            columns.put(&self.created_by);
            columns.put_time(self.created_at);
            columns.put_time(self.expires_at);
        }

        fn mac(&self) -> Option<&[u8]> {
            self.mac.as_deref()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod totp_secrets {
    use sea_orm::entity::prelude::*;

    /// The secret of a person's codes, sealed for its row and person. Which row counts is said,
    /// under a mac, by the row of the person: one of an earlier day cannot take its place.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "totp_secrets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(unique)]
        pub user_id: TextUuid,
        pub encrypted_value: Vec<u8>,
        /// The key that it is sealed under.
        pub key_id: String,
        pub created_at: TimeDateTimeWithTimeZone,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
