use std::error::Error;

use keyward_api::scopes::{Scope, Scopes, grants};
use keyward_api::verification::{Verdict, VerdictCode};
use keyward_client::ClientError;

use crate::refusal::Refusal;

/// Who calls; an extension of each request that reaches the inner service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of the key. Stays the same when the key is renamed or rotated.
    pub key_id: String,
    /// The name of the key, for a person.
    pub name: String,
    /// All scopes of the key.
    pub scopes: Scopes,
}

impl Caller {
    /// Whether the key has this scope, or one that ends in `*` and covers it. For what a
    /// handler decides beyond the scope of the layer.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| grants(held, scope))
    }
}

/// Rules 2 to 7 of the crate; `scope` is the one that was asked for.
pub fn judge(
    answer: Result<Verdict, ClientError>,
    scope: Option<Scope>,
) -> Result<Caller, Refusal> {
    let Verdict { valid, code, key_id, name, scopes } = answer.map_err(unavailable)?;
    tracing::debug!(?code, key_id, "Keyward has answered");
    Err(match (code, key_id, name, scope) {
        (VerdictCode::Valid, Some(key_id), Some(name), _) if valid => {
            return Ok(Caller { key_id, name, scopes });
        }
        (VerdictCode::NotFound | VerdictCode::Expired | VerdictCode::Disabled, ..) => {
            Refusal::Unauthenticated
        }
        (VerdictCode::AddressNotAllowed, ..) => Refusal::AddressNotAllowed,
        (VerdictCode::RateLimited, ..) => Refusal::RateLimited,
        (VerdictCode::InsufficientScope, .., Some(scope)) => Refusal::MissingScope(scope),
        // Contradicts itself, or what was asked.
        (VerdictCode::Valid | VerdictCode::InsufficientScope, ..) => {
            unavailable(ClientError::NoVerdict)
        }
    })
}

fn unavailable(error: ClientError) -> Refusal {
    tracing::error!(error = &error as &dyn Error, "request refused: no key can be verified");
    Refusal::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_the_scopes_that_keyward_would_grant() {
        let scopes = ["orders:*", "bills:read"].map(|scope| Scope::new(scope.into()).unwrap());
        let scopes = Scopes::try_from(Vec::from(scopes)).unwrap();
        let caller = Caller { key_id: "1".into(), name: "n".into(), scopes };
        assert!(caller.has_scope("orders:write"));
        assert!(caller.has_scope("bills:read"));
        assert!(!caller.has_scope("bills:write"));
        assert!(!caller.has_scope(""));
    }
}
