//! Rows of the tables `provider_credentials` and `model_credentials`.

pub mod provider {
    use sea_orm::entity::prelude::*;

    use crate::encryption::columns::{SealedRow, Subject};
    use keyward_core::row::{Authenticated, Columns};

    /// A provider with its key, which is sealed for this row and no other.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "provider_credentials")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub encrypted_value: Vec<u8>,
        pub key_id: String,
        /// Its last characters, in plain text.
        pub hint: Option<String>,
        /// Where the provider is reached.
        #[sea_orm(column_type = "Text", nullable)]
        pub base_url: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        /// Who entered it first.
        #[sea_orm(column_type = "Text", nullable)]
        pub created_by: Option<String>,
        /// When it was entered first.
        pub created_at: TimeDateTimeWithTimeZone,
        /// When anything of it was changed last.
        pub updated_at: TimeDateTimeWithTimeZone,
        /// See [`Authenticated`].
        pub mac: Option<Vec<u8>>,
    }

    /// All but the sealed key, which no mac need cover.
    impl Authenticated for Model {
        const TABLE: &'static str = "provider_credentials";

        fn write(&self, columns: &mut Columns) {
            columns.put(&self.id);
            columns.put_or_none(self.hint.as_ref());
            columns.put_or_none(self.base_url.as_ref());
            columns.put_or_none(self.note.as_ref());
            columns.put_or_none(self.created_by.as_ref());
            columns.put_time(self.created_at);
            columns.put_time(self.updated_at);
        }

        fn mac(&self) -> Option<&[u8]> {
            self.mac.as_deref()
        }
    }

    impl Model {
        /// The key with what is needed to open it.
        pub fn sealed(&self) -> SealedRow {
            let Self { id, encrypted_value, key_id, base_url, .. } = self.clone();
            let bound = Subject::provider(&id, base_url.as_deref()).bound();
            let (label, sealed) = (id.clone(), encrypted_value);
            SealedRow { id, label, bound, key_id: Some(key_id), iv: None, mac: None, sealed }
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod model {
    use sea_orm::entity::prelude::*;

    use keyward_core::row::{Authenticated, Columns};

    /// A model with its key, which is sealed for this row and no other. Its provider need
    /// not have one.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "model_credentials")]
    pub struct Model {
        /// `PROVIDER/MODEL`; see [`keyward_api::providers::model_id`].
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub provider: String,
        pub model: String,
        pub encrypted_value: Vec<u8>,
        pub key_id: String,
        /// Its last characters, in plain text.
        pub hint: Option<String>,
        /// Who entered it first.
        #[sea_orm(column_type = "Text", nullable)]
        pub created_by: Option<String>,
        /// When it was entered first.
        pub created_at: TimeDateTimeWithTimeZone,
        /// When it was replaced last.
        pub updated_at: TimeDateTimeWithTimeZone,
        /// See [`Authenticated`].
        pub mac: Option<Vec<u8>>,
    }

    /// All but the sealed key, which no mac need cover.
    impl Authenticated for Model {
        const TABLE: &'static str = "model_credentials";

        fn write(&self, columns: &mut Columns) {
            columns.put(&self.id);
            columns.put(&self.provider);
            columns.put(&self.model);
            columns.put_or_none(self.hint.as_ref());
            columns.put_or_none(self.created_by.as_ref());
            columns.put_time(self.created_at);
            columns.put_time(self.updated_at);
        }

        fn mac(&self) -> Option<&[u8]> {
            self.mac.as_deref()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
