//! What a key may do beyond proving who calls.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A key may carry at most this many scopes.
pub const MAX_SCOPES: usize = 32;

/// The scopes Keyward itself understands, each with a line that says what it opens.
pub const KNOWN_SCOPES: [(&str, &str); 4] = [
    ("secrets:read", "Read the values of stored secrets"),
    ("secrets:write", "Create, change and delete secrets"),
    ("providers:resolve", "Get the credential of a provider or model"),
    ("keys:verify", "Ask whether another caller's key is good"),
];

/// What a key may do beyond proving who calls: `^[a-z][a-z0-9_.-]*(:[a-z0-9_.*-]+)*$`,
/// at most 128 characters. [`KNOWN_SCOPES`] open routes of Keyward; any other is the
/// operator's own word for a service behind forward auth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(value_type = String, pattern = "^[a-z][a-z0-9_.-]*(:[a-z0-9_.*-]+)*$", max_length = 128)
)]
pub struct Scope(String);

impl Scope {
    /// Longest scope in characters, all of them ASCII.
    pub const MAX_CHARS: usize = 128;

    /// The scope as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(b);
        let mut parts = text.split(':');
        let head = parts.next().unwrap_or_default().as_bytes();
        let head_fits = head.first().is_some_and(u8::is_ascii_lowercase) && head.iter().all(plain);
        let tail_fits =
            parts.all(|part| !part.is_empty() && part.bytes().all(|b| b == b'*' || plain(&b)));
        if text.len() <= Self::MAX_CHARS && head_fits && tail_fits {
            Ok(Self(text))
        } else {
            Err(ScopeError)
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

/// The text is not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeError;

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope must look like orders:write (lower case, at most 128 characters)")
    }
}

impl std::error::Error for ScopeError {}

/// At most [`MAX_SCOPES`] scopes, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>", into = "Vec<Scope>")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, max_items = 32))]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Scope::as_str)
    }
}

impl TryFrom<Vec<Scope>> for Scopes {
    type Error = ScopesError;

    fn try_from(mut scopes: Vec<Scope>) -> Result<Self, Self::Error> {
        scopes.sort();
        scopes.dedup();
        if scopes.len() > MAX_SCOPES {
            return Err(ScopesError);
        }
        Ok(Self(scopes))
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.0
    }
}

/// More than [`MAX_SCOPES`] scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopesError;

impl fmt::Display for ScopesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("A key may have at most 32 scopes")
    }
}

impl std::error::Error for ScopesError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_scope(text: &str) -> bool {
        Scope::try_from(text.to_owned()).is_ok()
    }

    #[test]
    fn scopes_follow_their_grammar() {
        for good in ["a", "secrets:read", "secrets:read:github_*", "a.b-c_1:*:x.y"] {
            assert!(is_scope(good), "{good}");
        }
        for bad in ["", ":", "a:", "1a", "A", "a b", "a*", "a:B", "a::b", "é", "a\n", "a:\0"] {
            assert!(!is_scope(bad), "{bad:?}");
        }
        assert!(is_scope(&"a".repeat(128)));
        assert!(!is_scope(&"a".repeat(129)));
    }

    #[test]
    fn scopes_are_sorted_and_at_most_32_different_ones() {
        let parse = |json| serde_json::from_value::<Scopes>(json);
        let scopes = parse(serde_json::json!(["b", "a", "b"])).unwrap();
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["a", "b"]);
        let many = |n: u8| (0..n).map(|i| format!("s{i}")).collect::<Vec<_>>();
        assert!(parse(serde_json::json!(many(32))).is_ok());
        assert!(parse(serde_json::json!(many(33))).is_err());
    }
}
