//! Failures inside the database, by triggers: at each kind of write to each table, or at the
//! commit of a transaction that made one.

use keyward::database::DatabaseConnection;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The statement fails, and the transaction goes on (SQLite) or is lost (PostgreSQL).
    Statement,
    /// The whole transaction ends with the statement: on SQLite it is rolled back, as when the
    /// disk is full; on PostgreSQL the connection is cut.
    Transaction,
    /// Every statement succeeds, and the commit fails.
    Commit,
}

pub const MODES: [Mode; 3] = [Mode::Statement, Mode::Transaction, Mode::Commit];

#[derive(Clone, Debug)]
pub struct Fault {
    mode: Mode,
    table: String,
    operation: &'static str,
}

impl Fault {
    /// One for each table of the schema, each operation and each mode.
    pub async fn all(db: &DatabaseConnection, modes: &[Mode]) -> Vec<Self> {
        let tables = tables(db).await;
        prepare(db).await;
        let mut faults = Vec::new();
        for table in &tables {
            for operation in ["INSERT", "UPDATE", "DELETE"] {
                faults.extend(modes.iter().map(|mode| Self {
                    mode: *mode,
                    table: table.clone(),
                    operation,
                }));
            }
        }
        faults
    }

    pub async fn set(&self, db: &DatabaseConnection) {
        let Self { mode, table, operation } = self;
        let name = self.name();
        let sql = match (db.get_database_backend(), mode) {
            (DbBackend::Sqlite, Mode::Commit) => format!(
                "CREATE TRIGGER {name} AFTER {operation} ON {table} \
                 BEGIN INSERT INTO fault_child VALUES (1); END"
            ),
            (DbBackend::Sqlite, mode) => {
                let how = if *mode == Mode::Statement { "ABORT" } else { "ROLLBACK" };
                format!(
                    "CREATE TRIGGER {name} BEFORE {operation} ON {table} \
                     BEGIN SELECT RAISE({how}, 'fault'); END"
                )
            }
            (_, Mode::Commit) => format!(
                "CREATE CONSTRAINT TRIGGER {name} AFTER {operation} ON {table} \
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fault_fails()"
            ),
            (_, mode) => {
                let how = if *mode == Mode::Statement { "fault_fails" } else { "fault_cuts" };
                format!(
                    "CREATE TRIGGER {name} BEFORE {operation} ON {table} \
                     FOR EACH ROW EXECUTE FUNCTION {how}()"
                )
            }
        };
        db.execute_unprepared(&sql).await.unwrap();
    }

    /// Never used again: SQLite looks for it in what a connection knew before it was dropped.
    fn name(&self) -> String {
        let Self { mode, table, operation } = self;
        format!("fault_{mode:?}_{table}_{operation}").to_lowercase()
    }

    pub async fn clear(&self, db: &DatabaseConnection) {
        let sql = match db.get_database_backend() {
            DbBackend::Sqlite => format!("DROP TRIGGER {}", self.name()),
            _ => format!("DROP TRIGGER {} ON {}", self.name(), self.table),
        };
        db.execute_unprepared(&sql).await.unwrap();
    }
}

async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        _ => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    let names = rows.iter().map(|row| row.try_get::<String>("", "name").unwrap());
    names.filter(|name| !name.starts_with("seaql_") && !name.starts_with("sqlite_")).collect()
}

async fn prepare(db: &DatabaseConnection) {
    let sql = match db.get_database_backend() {
        // Nobody is the parent of a row of `fault_child`, which is looked at in the commit.
        DbBackend::Sqlite => {
            "CREATE TABLE fault_parent (id INTEGER PRIMARY KEY); \
             CREATE TABLE fault_child (id INTEGER REFERENCES fault_parent(id) \
             DEFERRABLE INITIALLY DEFERRED)"
        }
        _ => {
            "CREATE FUNCTION fault_fails() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'fault'; END $$; \
             CREATE FUNCTION fault_cuts() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        }
    };
    db.execute_unprepared(sql).await.unwrap();
}
