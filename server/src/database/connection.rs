//! The database as the rest of the program sees it: [`DatabaseConnection`].
//!
//! Behind a pooler in transaction mode (PgBouncer), consecutive statements outside a
//! transaction may reach different sessions of PostgreSQL, and a session may hold statements
//! that another client prepared. The driver prepares each statement under a name that is
//! distinct in its own connection alone, and runs it in a second round trip. So, there:
//!
//! 1. Each statement runs in a transaction, which keeps one session for its whole length.
//! 2. Each transaction first drops what is prepared in its session (`DEALLOCATE ALL`).
//! 3. The driver remembers no prepared statement.
//! 4. What a session would keep (`lock_timeout`) is set for each transaction.
//! 5. Each transaction fails on a standby, to which a pooler may lead from one to the next.
//!
//! With a session of its own, nothing of that is needed, and nothing of it is done.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sea_orm::sqlx::SqliteConnection;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionOptions, TransactionTrait,
};

/// How long a statement waits for a lock of PostgreSQL, as it spells it.
pub(super) const LOCK_TIMEOUT: &str = "5s";

/// Rule 5.
const REFUSE_STANDBY: &str = "DO $$ BEGIN IF pg_is_in_recovery() THEN \
     RAISE EXCEPTION 'it is a standby, which may lack what was revoked'; END IF; END $$";

/// How connections to PostgreSQL beside the pool are opened.
#[derive(Clone, Debug)]
pub struct OutsidePool {
    /// To where the pool goes.
    pub options: PgConnectOptions,
    /// The same as the pool opens them.
    pub pooled: PgConnectOptions,
    /// To where notifications come from; none: a pooler is in between, and nothing else is known.
    pub listen: Option<PgConnectOptions>,
}

/// A pool of connections to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DatabaseConnection {
    pool: sea_orm::DatabaseConnection,
    is_behind_pooler: bool,
    outside_pool: Option<Arc<OutsidePool>>,
    /// Keeps the files of SQLite open; nobody uses it.
    _keeper: Option<Arc<Mutex<SqliteConnection>>>,
}

impl DatabaseConnection {
    /// A PostgreSQL. Behind a pooler, a connection of the pool has no session of its own.
    pub(super) fn to_server(
        pool: sea_orm::DatabaseConnection,
        is_behind_pooler: bool,
        outside_pool: OutsidePool,
    ) -> Self {
        let outside_pool = Some(Arc::new(outside_pool));
        Self { pool, is_behind_pooler, outside_pool, _keeper: None }
    }

    /// Connections to a file, which stays open as long as `keeper`.
    pub(super) fn to_file(pool: sea_orm::DatabaseConnection, keeper: SqliteConnection) -> Self {
        let keeper = Some(Arc::new(Mutex::new(keeper)));
        Self { pool, is_behind_pooler: false, outside_pool: None, _keeper: keeper }
    }

    /// How connections beside the pool are opened; none: to a file.
    pub fn outside_pool(&self) -> Option<&OutsidePool> {
        self.outside_pool.as_deref()
    }

    pub fn is_behind_pooler(&self) -> bool {
        self.is_behind_pooler
    }

    /// Begins a transaction with rules 2, 4 and 5.
    pub(super) async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, DbErr> {
        if !self.is_behind_pooler {
            return self.pool.begin_with_options(options).await;
        }
        // The pool would prepare the statement that sets the level, before rule 2.
        let level = options.isolation_level;
        let options = TransactionOptions { isolation_level: None, ..options };
        let transaction = self.pool.begin_with_options(options).await?;
        let level = level.map(|level| format!("SET TRANSACTION ISOLATION LEVEL {level}; "));
        let level = level.unwrap_or_default();
        let rules = format!(
            "{level}SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; DEALLOCATE ALL; {REFUSE_STANDBY}"
        );
        transaction.execute_unprepared(&rules).await?;
        Ok(transaction)
    }

    async fn begin_single(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_with_options(TransactionOptions::default()).await
    }

    pub async fn close(self) -> Result<(), DbErr> {
        self.pool.close().await
    }

    pub async fn close_by_ref(&self) -> Result<(), DbErr> {
        self.pool.close_by_ref().await
    }
}

#[async_trait]
impl ConnectionTrait for DatabaseConnection {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if !self.is_behind_pooler {
            return self.pool.execute_raw(statement).await;
        }
        let transaction = self.begin_single().await?;
        let result = transaction.execute_raw(statement).await?;
        transaction.commit().await?;
        Ok(result)
    }

    /// One message and one answer: nothing is prepared.
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if !self.is_behind_pooler {
            return self.pool.query_one_raw(statement).await;
        }
        let transaction = self.begin_single().await?;
        let row = transaction.query_one_raw(statement).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if !self.is_behind_pooler {
            return self.pool.query_all_raw(statement).await;
        }
        let transaction = self.begin_single().await?;
        let rows = transaction.query_all_raw(statement).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}
