//! The keys of providers, and those of single models.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    blob, string_len, string_len_null, text_null, timestamp_with_time_zone,
};

#[derive(DeriveIden)]
enum ProviderCredentials {
    Table,
    Id,
    EncryptedValue,
    KeyId,
    Hint,
    BaseUrl,
    Note,
    CreatedBy,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum ModelCredentials {
    Table,
    Id,
    Provider,
    Model,
    EncryptedValue,
    KeyId,
    Hint,
    CreatedBy,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(ProviderCredentials::Table)
                    // The provider itself, so that it is replaced in one statement.
                    .col(string_len(ProviderCredentials::Id, 64).primary_key())
                    .col(blob(ProviderCredentials::EncryptedValue))
                    .col(string_len(ProviderCredentials::KeyId, 36))
                    .col(string_len_null(ProviderCredentials::Hint, 4))
                    .col(text_null(ProviderCredentials::BaseUrl))
                    .col(text_null(ProviderCredentials::Note))
                    .col(text_null(ProviderCredentials::CreatedBy))
                    .col(timestamp_with_time_zone(ProviderCredentials::CreatedAt))
                    .col(timestamp_with_time_zone(ProviderCredentials::UpdatedAt))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(ModelCredentials::Table)
                    // PROVIDER/MODEL: a provider has no slash in its name.
                    .col(string_len(ModelCredentials::Id, 320).primary_key())
                    .col(string_len(ModelCredentials::Provider, 64))
                    .col(string_len(ModelCredentials::Model, 255))
                    .col(blob(ModelCredentials::EncryptedValue))
                    .col(string_len(ModelCredentials::KeyId, 36))
                    .col(string_len_null(ModelCredentials::Hint, 4))
                    .col(text_null(ModelCredentials::CreatedBy))
                    .col(timestamp_with_time_zone(ModelCredentials::CreatedAt))
                    .col(timestamp_with_time_zone(ModelCredentials::UpdatedAt))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("model_credentials_provider")
                    .table(ModelCredentials::Table)
                    .col(ModelCredentials::Provider)
                    .to_owned(),
            )
            .await?;
        // How many values are under each key.
        manager
            .create_index(
                Index::create()
                    .name("provider_credentials_key_id")
                    .table(ProviderCredentials::Table)
                    .col(ProviderCredentials::KeyId)
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("model_credentials_key_id")
                    .table(ModelCredentials::Table)
                    .col(ModelCredentials::KeyId)
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ModelCredentials::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(ProviderCredentials::Table).to_owned()).await
    }
}
