//! When a key was used last that another one replaced.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone;

#[derive(DeriveIden)]
enum Settings {
    Table,
    FormerLastUsedAt,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = timestamp_with_time_zone(Settings::FormerLastUsedAt).null().to_owned();
        let table = Table::alter().table(Settings::Table).add_column(column).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table(Settings::Table)
            .drop_column(Settings::FormerLastUsedAt)
            .to_owned();
        manager.alter_table(table).await
    }
}
