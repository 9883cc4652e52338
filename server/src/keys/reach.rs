//! Which key a request is about, and whether its caller reaches it.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use keyward_api::scopes::KEYS_READ;

use super::Registry;
use super::error::{KeyError, KeyRefusal};
use super::permissions::WriteKeys;
use crate::access::Allowed;
use crate::audit::Actor;
use crate::http::error::Error;

/// The id in the path. A text that can be no id is the id of no key.
pub struct KeyId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for KeyId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.map_err(|_| KeyRefusal::NotFound)?.0;
        // As long as the column, and nothing that PostgreSQL refuses in a text.
        let fits = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(id)) } else { Err(KeyRefusal::NotFound.into()) }
    }
}

/// Who asks, and the name of the key with this id, if the permission covers it. The transaction of
/// the change asks again.
pub async fn reach<'a>(
    allowed: &'a Allowed<WriteKeys>,
    keys: &Registry,
    id: &str,
) -> Result<(&'a Actor, String), Error> {
    let name = keys.get(id).await?.ok_or(KeyRefusal::NotFound)?.name;
    if allowed.is_key(id) {
        return Err(allowed.refused(&name, KeyRefusal::OwnKey.into()).await);
    }
    match allowed.authorize(&name).await {
        Ok(actor) => Ok((actor, name)),
        Err(error) => Err(hidden(allowed, error)),
    }
}

/// What became of a change of the key with this name. That the caller may not is recorded.
pub async fn done<T>(
    allowed: &Allowed<WriteKeys>,
    name: &str,
    change: Result<T, KeyError>,
) -> Result<T, Error> {
    match change {
        Ok(done) => Ok(done),
        Err(error) => Err(hidden(allowed, allowed.refused(name, error.into()).await)),
    }
}

/// A caller that may not list keys does not learn that one is there which it does not reach.
fn hidden(allowed: &Allowed<WriteKeys>, error: Error) -> Error {
    let is_beyond = matches!(error, Error::MissingScope(_) | Error::Key(KeyRefusal::NotCovered(_)));
    let may_list = allowed.scopes().is_none_or(|scopes| scopes.open(&KEYS_READ));
    if is_beyond && !may_list { KeyRefusal::NotFound.into() } else { error }
}
