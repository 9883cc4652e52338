//! The client, and how a program would use it. It is compiled and not run.

progenitor::generate_api!("openapi-3.0.json");

use types::{ModelName, Problem, ProviderId, Resolution};

/// The key to use for a model.
pub async fn key_for(
    keyward: &Client,
    provider: &ProviderId,
    model: &ModelName,
) -> Result<Option<String>, Error<Problem>> {
    let answer = keyward.resolve_credential(Some(false), Some(model), provider).await?;
    match answer.into_inner().data {
        Resolution::Resolved(resolved) => Ok(Some(resolved.value.0)),
        Resolution::Explained(_) => Ok(None),
    }
}

/// The names of all keys, page by page.
pub async fn names(keyward: &Client) -> Result<Vec<String>, Error<Problem>> {
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = keyward.list_keys(cursor.as_ref(), None, None, None, None, None, None).await?;
        let page = page.into_inner();
        names.extend(page.data.into_iter().map(|key| key.name));
        let Some(next) = page.next_cursor else { return Ok(names) };
        cursor = Some(next.parse().map_err(|_| Error::InvalidRequest("cursor".into()))?);
    }
}
