//! Keyward's database schema, step by step, on SQLite and PostgreSQL.
//!
//! A migration that has been released is never edited; a change is a new one. Each goes
//! up, down and up again. Columns are spelt out in each migration's own `Iden` enum, so
//! that an old step does not change when the server's entities do.

use sea_orm_migration::{MigrationTrait, async_trait};
pub use sea_orm_migration::{MigratorTrait, SchemaManager};

mod m0001_settings;
mod m0002_users_and_sessions;
mod m0003_encryption_keys_and_secrets;
mod m0004_audit;
mod m0005_providers;
mod m0006_key_overlap;
mod m0007_generation;
mod m0008_row_authenticity;
mod m0009_audit_head_sets;
mod m0010_last_used_address;
mod m0011_overview;
mod m0012_people;
mod m0013_idempotency;
mod m0014_replicas;

/// All steps, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_settings::Migration),
            Box::new(m0002_users_and_sessions::Migration),
            Box::new(m0003_encryption_keys_and_secrets::Migration),
            Box::new(m0004_audit::Migration),
            Box::new(m0005_providers::Migration),
            Box::new(m0006_key_overlap::Migration),
            Box::new(m0007_generation::Migration),
            Box::new(m0008_row_authenticity::Migration),
            Box::new(m0009_audit_head_sets::Migration),
            Box::new(m0010_last_used_address::Migration),
            Box::new(m0011_overview::Migration),
            Box::new(m0012_people::Migration),
            Box::new(m0013_idempotency::Migration),
            Box::new(m0014_replicas::Migration),
        ]
    }
}
