//! The servers of a store, and how long each may accept keys after it last heard of the store; and
//! a mark for each change, which tells histories of one store apart that reach the same number.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, small_integer, string_len, timestamp_with_time_zone,
};

#[derive(DeriveIden)]
enum Replicas {
    Table,
    Boot,
    Address,
    Version,
    JoinedAt,
    Beat,
    Granted,
    Applied,
}

#[derive(DeriveIden)]
enum LeaseTerms {
    Table,
    Id,
    LeaseMs,
    AloneMs,
    Timeline,
}

#[derive(DeriveIden)]
enum KeyChanges {
    Table,
    Mark,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mark = big_integer(KeyChanges::Mark).default(0).to_owned();
        let changes = Table::alter().table(KeyChanges::Table).add_column(mark).to_owned();
        manager.alter_table(changes).await?;
        let replicas = Table::create()
            .table(Replicas::Table)
            .col(string_len(Replicas::Boot, 32).primary_key())
            .col(string_len(Replicas::Address, 255))
            .col(string_len(Replicas::Version, 32))
            .col(timestamp_with_time_zone(Replicas::JoinedAt))
            .col(big_integer(Replicas::Beat))
            .col(big_integer(Replicas::Granted))
            .col(big_integer(Replicas::Applied))
            .to_owned();
        manager.create_table(replicas).await?;
        let terms = Table::create()
            .table(LeaseTerms::Table)
            .col(small_integer(LeaseTerms::Id).primary_key())
            .col(integer(LeaseTerms::LeaseMs))
            .col(integer(LeaseTerms::AloneMs))
            .col(big_integer(LeaseTerms::Timeline))
            .to_owned();
        manager.create_table(terms).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(LeaseTerms::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Replicas::Table).to_owned()).await?;
        let mark = KeyChanges::Mark;
        let changes = Table::alter().table(KeyChanges::Table).drop_column(mark).to_owned();
        manager.alter_table(changes).await
    }
}
