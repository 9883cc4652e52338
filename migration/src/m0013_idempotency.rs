//! Keys that were made by requests with an `Idempotency-Key` in the last minutes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_len, timestamp_with_time_zone};

#[derive(DeriveIden)]
enum KeyCreations {
    Table,
    Id,
    Request,
    KeyId,
    CreatedAt,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(KeyCreations::Table)
            .col(string_len(KeyCreations::Id, 64).primary_key())
            .col(string_len(KeyCreations::Request, 64))
            .col(string_len(KeyCreations::KeyId, 64))
            .col(timestamp_with_time_zone(KeyCreations::CreatedAt))
            .to_owned();
        manager.create_table(table).await?;
        let by_time = Index::create()
            .name("key_creations_created_at")
            .table(KeyCreations::Table)
            .col(KeyCreations::CreatedAt)
            .to_owned();
        manager.create_index(by_time).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(KeyCreations::Table).to_owned()).await
    }
}
