//! A mac for each row that carries authority, and the authenticated sets of such rows: what
//! each set adds up to is kept in its row of `generation`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, blob_null};

#[derive(DeriveIden)]
enum Generation {
    Table,
    Id,
    N,
    Count,
    Sum,
    Mac,
}

#[derive(DeriveIden)]
enum Settings {
    Table,
}

#[derive(DeriveIden)]
enum Users {
    Table,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    SeenMac,
}

#[derive(DeriveIden)]
enum Secrets {
    Table,
}

#[derive(DeriveIden)]
enum ProviderCredentials {
    Table,
}

#[derive(DeriveIden)]
enum ModelCredentials {
    Table,
}

/// The column of each of the tables.
#[derive(DeriveIden)]
struct Mac;

fn tables() -> [TableRef; 6] {
    [
        Settings::Table.into_table_ref(),
        Users::Table.into_table_ref(),
        Sessions::Table.into_table_ref(),
        Secrets::Table.into_table_ref(),
        ProviderCredentials::Table.into_table_ref(),
        ModelCredentials::Table.into_table_ref(),
    ]
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            let add = Table::alter().table(table).add_column(blob_null(Mac)).to_owned();
            manager.alter_table(add).await?;
        }
        // The last request of a session changes often, and alone.
        let add = Table::alter()
            .table(Sessions::Table)
            .add_column(blob_null(Sessions::SeenMac))
            .to_owned();
        manager.alter_table(add).await?;
        // One at a time: SQLite adds one column with a statement.
        for column in [
            big_integer_null(Generation::Count),
            blob_null(Generation::Sum),
            blob_null(Generation::Mac),
        ] {
            let add = Table::alter().table(Generation::Table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        // The sets of the wrapped keys, and of the people; the API keys have the first row.
        for id in [2, 3] {
            let mut row = Query::insert();
            row.into_table(Generation::Table).columns([Generation::Id, Generation::N]);
            manager.execute(row.values_panic([id.into(), 0.into()]).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut rows = Query::delete();
        rows.from_table(Generation::Table).and_where(Expr::col(Generation::Id).gt(1));
        manager.execute(rows).await?;
        for column in [Generation::Mac, Generation::Sum, Generation::Count] {
            let drop = Table::alter().table(Generation::Table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        let drop = Table::alter().table(Sessions::Table).drop_column(Sessions::SeenMac).to_owned();
        manager.alter_table(drop).await?;
        for table in tables() {
            let drop = Table::alter().table(table).drop_column(Mac).to_owned();
            manager.alter_table(drop).await?;
        }
        // The key for rows stays: with it, `keyward store accept` signs after another step up.
        Ok(())
    }
}
