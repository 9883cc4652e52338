//! Rows that somebody else may have written.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sea_orm::{FromQueryResult, QueryResult};

/// The row, if its columns hold what they should. The driver panics at times that are none, such
/// as 'infinity' in PostgreSQL.
pub fn readable<R: FromQueryResult>(row: &QueryResult, prefix: &str) -> Option<R> {
    catch_unwind(AssertUnwindSafe(|| R::from_query_result(row, prefix))).ok()?.ok()
}
