//! Very many rows of one query, read while the database goes on.

use std::time::Duration;

use futures_util::stream::{Stream, StreamExt, iter};
use sea_orm::{DatabaseTransaction, DbErr, QueryResult, Statement, StreamTrait};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::connect::ROWS_ON_THEIR_WAY;

/// Chunks of rows that are read at a time.
const CHUNKS: usize = 2;

/// Fewer rows than these are no reason to wake a thread for.
const FEW: usize = ROWS_ON_THEIR_WAY / 2;

/// In which more rows come.
const A_MOMENT: Duration = Duration::from_millis(1);

/// What `read` makes of each row, in their order. It runs in another thread than the caller and
/// the database, for many rows at a time: to wake a thread takes longer than to read a row.
pub async fn read_many<T: Send + 'static>(
    moment: &DatabaseTransaction,
    statement: Statement,
    read: impl Fn(&QueryResult) -> T + Clone + Send + 'static,
) -> Result<impl Stream<Item = Result<T, DbErr>>, DbErr> {
    let rows = moment.stream_raw(statement).await?;
    let let_more_come = async |rows: Vec<_>| {
        if rows.len() < FEW {
            sleep(A_MOMENT).await;
        }
        rows
    };
    let read_chunk = move |rows: Vec<Result<QueryResult, DbErr>>| {
        let read = read.clone();
        spawn_blocking(move || {
            rows.into_iter().map(|row| row.map(|row| read(&row))).collect::<Vec<_>>()
        })
    };
    let stopped = |error| DbErr::Custom(format!("the reading was stopped: {error}"));
    let chunks = rows.ready_chunks(ROWS_ON_THEIR_WAY).then(let_more_come);
    let read = chunks.map(read_chunk).buffered(CHUNKS);
    Ok(read.flat_map(move |read| iter(read.unwrap_or_else(|error| vec![Err(stopped(error))]))))
}
