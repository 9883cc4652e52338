//! The end of the audit log also says how often each authenticated set was changed, so that no
//! set is put back to an earlier day without the log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::blob_null;

#[derive(DeriveIden)]
enum AuditHead {
    Table,
    Sets,
    SetsMac,
}

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [blob_null(AuditHead::Sets), blob_null(AuditHead::SetsMac)] {
            let add = Table::alter().table(AuditHead::Table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [AuditHead::SetsMac, AuditHead::Sets] {
            let drop = Table::alter().table(AuditHead::Table).drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
