//! Wrapped keys, and the secrets that are sealed under them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    blob, blob_null, integer, string, string_len, string_len_null, string_len_uniq, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

#[derive(DeriveIden)]
enum EncryptionKeys {
    Table,
    Id,
    Purpose,
    Version,
    State,
    Wrapped,
    KekId,
    CreatedBy,
    CreatedAt,
    RetiredAt,
}

#[derive(DeriveIden)]
enum Secrets {
    Table,
    Id,
    Key,
    EncryptedValue,
    Iv,
    KeyId,
    Description,
    CreatedBy,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let now = || Expr::current_timestamp();
        manager
            .create_table(
                Table::create()
                    .table(EncryptionKeys::Table)
                    .col(string_len(EncryptionKeys::Id, 36).primary_key())
                    .col(string_len(EncryptionKeys::Purpose, 16))
                    .col(integer(EncryptionKeys::Version))
                    .col(string_len(EncryptionKeys::State, 16))
                    .col(blob(EncryptionKeys::Wrapped))
                    .col(string_len(EncryptionKeys::KekId, 16))
                    .col(string(EncryptionKeys::CreatedBy))
                    .col(timestamp_with_time_zone(EncryptionKeys::CreatedAt))
                    .col(timestamp_with_time_zone_null(EncryptionKeys::RetiredAt))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("encryption_keys_purpose_version")
                    .table(EncryptionKeys::Table)
                    .col(EncryptionKeys::Purpose)
                    .col(EncryptionKeys::Version)
                    .unique()
                    .to_owned(),
            )
            .await?;
        // Of several processes that make a key at once, one wins.
        manager
            .create_index(
                Index::create()
                    .name("encryption_keys_one_active")
                    .table(EncryptionKeys::Table)
                    .col(EncryptionKeys::Purpose)
                    .unique()
                    .cond_where(Expr::col(EncryptionKeys::State).eq("active"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(Secrets::Table)
                    .col(string_len(Secrets::Id, 64).primary_key())
                    .col(string_len_uniq(Secrets::Key, 255))
                    .col(blob(Secrets::EncryptedValue))
                    .col(blob_null(Secrets::Iv))
                    .col(string_len_null(Secrets::KeyId, 36))
                    .col(text_null(Secrets::Description))
                    .col(text_null(Secrets::CreatedBy))
                    .col(timestamp_with_time_zone(Secrets::CreatedAt).default(now()))
                    .col(timestamp_with_time_zone(Secrets::UpdatedAt).default(now()))
                    .to_owned(),
            )
            .await?;
        // How many values are under each key, and which are under none.
        manager
            .create_index(
                Index::create()
                    .name("secrets_key_id")
                    .table(Secrets::Table)
                    .col(Secrets::KeyId)
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Secrets::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(EncryptionKeys::Table).to_owned()).await
    }
}
