//! The settings table: rows of several types, distinguished by `type`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, string_len, text, timestamp_with_time_zone};

#[derive(DeriveIden)]
enum Settings {
    Table,
    Id,
    Type,
    Key,
    Value,
    CreatedAt,
    UpdatedAt,
    LastUsedAt,
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
                    .table(Settings::Table)
                    .col(string_len(Settings::Id, 64).primary_key())
                    .col(string_len(Settings::Type, 64))
                    .col(string(Settings::Key))
                    .col(text(Settings::Value))
                    .col(timestamp_with_time_zone(Settings::CreatedAt).default(now()))
                    .col(timestamp_with_time_zone(Settings::UpdatedAt).default(now()))
                    .col(timestamp_with_time_zone(Settings::LastUsedAt).null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("settings_type_key")
                    .table(Settings::Table)
                    .col(Settings::Type)
                    .col(Settings::Key)
                    .unique()
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Settings::Table).to_owned()).await
    }
}
