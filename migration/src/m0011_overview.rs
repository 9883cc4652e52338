//! What a person sees first: verifications of each hour, and indexes of the audit log for what is
//! asked of it without reading all of it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveIden)]
enum VerificationHours {
    Table,
    Hour,
    Accepted,
    Refused,
}

/// Changes, by what was done. Reads, of which there are many more, have no place in it.
const CHANGES: &str = "audit_changes";
/// Refusals.
const REFUSED: &str = "audit_refused";
/// Reads of each secret.
const READS: &str = "audit_reads";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(VerificationHours::Table)
                    // Counted from 1970.
                    .col(big_integer(VerificationHours::Hour).primary_key())
                    .col(big_integer(VerificationHours::Accepted))
                    .col(big_integer(VerificationHours::Refused))
                    .to_owned(),
            )
            .await?;
        // Partial indexes, which the builder does not know on both databases.
        for index in [
            format!(
                "{CHANGES} ON audit_log (action, seq) WHERE outcome = 'success' \
                 AND action NOT IN ('secret.read', 'provider.resolve')"
            ),
            format!("{REFUSED} ON audit_log (seq) WHERE outcome = 'refused'"),
            format!(
                "{READS} ON audit_log (target, seq) WHERE action = 'secret.read' \
                 AND outcome = 'success'"
            ),
        ] {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {index}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in [READS, REFUSED, CHANGES] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        manager.drop_table(Table::drop().table(VerificationHours::Table).to_owned()).await
    }
}
