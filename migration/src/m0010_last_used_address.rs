//! From where a key was used last.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_len_null;

#[derive(DeriveIden)]
enum Settings {
    Table,
    LastUsedAddress,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = string_len_null(Settings::LastUsedAddress, 64);
        let table = Table::alter().table(Settings::Table).add_column(column).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Settings::LastUsedAddress;
        let table = Table::alter().table(Settings::Table).drop_column(column).to_owned();
        manager.alter_table(table).await
    }
}
