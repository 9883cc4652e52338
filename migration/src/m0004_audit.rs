//! The audit log, a chain of entries, and its head, the one row that every append locks.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob, blob_uniq, integer, string_len, string_len_null, text_null,
};

#[derive(DeriveIden)]
enum AuditLog {
    Table,
    Seq,
    Time,
    ActorKind,
    ActorId,
    ActorName,
    Action,
    Target,
    Outcome,
    Detail,
    RequestId,
    Address,
    PrevHash,
    EntryHash,
    Mac,
}

#[derive(DeriveIden)]
enum AuditHead {
    Table,
    Id,
    Seq,
    EntryHash,
    Mac,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(AuditLog::Table)
                    .col(big_integer(AuditLog::Seq).primary_key())
                    // Microseconds since 1970: exactly what is hashed.
                    .col(big_integer(AuditLog::Time))
                    .col(string_len(AuditLog::ActorKind, 16))
                    .col(text_null(AuditLog::ActorId))
                    .col(text_null(AuditLog::ActorName))
                    .col(string_len(AuditLog::Action, 64))
                    .col(text_null(AuditLog::Target))
                    .col(string_len(AuditLog::Outcome, 16))
                    .col(text_null(AuditLog::Detail))
                    .col(string_len_null(AuditLog::RequestId, 64))
                    .col(string_len_null(AuditLog::Address, 64))
                    .col(blob_uniq(AuditLog::PrevHash))
                    .col(blob(AuditLog::EntryHash))
                    .col(blob(AuditLog::Mac))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(AuditHead::Table)
                    .col(integer(AuditHead::Id).primary_key())
                    .col(big_integer(AuditHead::Seq))
                    .col(blob(AuditHead::EntryHash))
                    .col(blob(AuditHead::Mac))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(AuditHead::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(AuditLog::Table).to_owned()).await
    }
}
