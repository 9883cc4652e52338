//! The number of the last change of the keys, and which key each of the last changes was
//! about; and indexes so that no change and no look at the last uses reads all keys.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, small_integer, string_len};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveIden)]
enum Generation {
    Table,
    Id,
    N,
}

#[derive(DeriveIden)]
enum KeyChanges {
    Table,
    N,
    KeyId,
}

#[derive(DeriveIden)]
enum Settings {
    Table,
    Type,
    Key,
}

/// Rows whose JSON holds a name of the older layout: few, and asked for by each change.
const NAMED: &str = "settings_named";
/// Keys that were used, by when.
const LAST_USED: &str = "settings_last_used";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Generation::Table)
                    .col(small_integer(Generation::Id).primary_key())
                    .col(big_integer(Generation::N))
                    .to_owned(),
            )
            .await?;
        let mut row = Query::insert();
        row.into_table(Generation::Table).columns([Generation::Id, Generation::N]);
        manager.execute(row.values_panic([1.into(), 0.into()]).to_owned()).await?;
        manager
            .create_table(
                Table::create()
                    .table(KeyChanges::Table)
                    .col(big_integer(KeyChanges::N).primary_key())
                    .col(string_len(KeyChanges::KeyId, 64))
                    .to_owned(),
            )
            .await?;
        // The row that did both until now.
        let mut revision = Query::delete();
        revision
            .from_table(Settings::Table)
            .and_where(Expr::col(Settings::Type).eq("config"))
            .and_where(Expr::col(Settings::Key).eq("api_keys_revision"));
        manager.execute(revision).await?;
        // Partial indexes, which the builder does not know on both databases.
        let find = match manager.get_database_backend() {
            DbBackend::Postgres => "strpos",
            _ => "instr",
        };
        for index in [
            format!(r#"{NAMED} ON settings (type, id) WHERE {find}(value, '"name"') > 0"#),
            format!(
                "{LAST_USED} ON settings (type, last_used_at, id) WHERE last_used_at IS NOT NULL"
            ),
        ] {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {index}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in [LAST_USED, NAMED] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        manager.drop_table(Table::drop().table(KeyChanges::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Generation::Table).to_owned()).await
    }
}
