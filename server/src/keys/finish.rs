//! A change of the keys under way.

use super::error::KeyError;
use crate::background::LIMIT;
use crate::database::StoreError;

/// Runs a change to its end even if nobody waits for it any more.
pub(super) async fn finish<T, F>(change: F) -> Result<T, KeyError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, KeyError>> + Send + 'static,
{
    let done = tokio::spawn(tokio::time::timeout(LIMIT, change)).await;
    let done = done.map_err(|error| {
        tracing::error!(%error, "a change of the keys was stopped");
        StoreError::Unknown("its task has ended")
    })?;
    done.unwrap_or_else(|_| Err(StoreError::Unknown("it took too long").into()))
}
