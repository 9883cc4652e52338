//! What a key may do beyond proving who calls.

use serde::{Deserialize, Deserializer, Serialize};

pub use crate::known_scopes::{
    AUDIT_READ, KEYS_READ, KEYS_VERIFY, KEYS_WRITE, KNOWN_SCOPES, KnownScope, Narrowing,
    PROVIDERS_RESOLVE, PROVIDERS_WRITE, SECRETS_READ, SECRETS_WRITE, changes_something, covers,
    grants, is_management,
};
use crate::secrets::SecretKey;

/// A key may carry at most this many scopes.
pub const MAX_SCOPES: usize = 32;

/// What a key may do beyond proving who calls: `^[a-z][a-z0-9_.-]*(:[a-z0-9_.*-]+)*$`, or
/// one of [`KNOWN_SCOPES`] narrowed to a name or to all names that begin alike, e.g.
/// `secrets:read:GITHUB_*`; at most 128 characters, or, narrowed, 269. Known scopes open routes of Keyward; any
/// other is the operator's own word for a service behind forward auth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Scope(String);

impl Scope {
    /// Longest scope in characters, all of them ASCII.
    pub const MAX_CHARS: usize = 128;

    /// Longest narrowed scope of Keyward's own: any name of a secret fits.
    pub const MAX_NARROWED_CHARS: usize = "secrets:write:".len() + SecretKey::MAX_CHARS;

    /// The scope as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is stored: also words that were taken before some of them could be narrowed, which
/// open nothing.
impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = is_word(&text) && text.len() <= Self::MAX_CHARS;
        if fits { Ok(Self(text)) } else { Self::new(text) }
    }
}

impl Scope {
    /// What somebody asks for: a narrowed scope that no name can match is refused.
    pub fn new(text: String) -> Result<Self, ScopeError> {
        let narrowed =
            |known: &KnownScope| Some((known.text, known.narrowed_by?, known.pattern(&text)?));
        let fits = match KNOWN_SCOPES.iter().find_map(narrowed) {
            Some((known, by, pattern)) if !by.fits(pattern) => {
                return Err(ScopeError::Narrowing { known, by });
            }
            Some(_) => text.len() <= Self::MAX_NARROWED_CHARS,
            None => is_word(&text) && text.len() <= Self::MAX_CHARS,
        };
        if fits { Ok(Self(text)) } else { Err(ScopeError::Malformed) }
    }
}

fn is_word(text: &str) -> bool {
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(b);
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or_default().as_bytes();
    let head_fits = head.first().is_some_and(u8::is_ascii_lowercase) && head.iter().all(plain);
    head_fits && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b == b'*' || plain(&b)))
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

/// Why a text is no scope. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not of the form of a scope.
    #[error("Scope must look like orders:write (lower case, at most 128 characters)")]
    Malformed,
    /// A scope of Keyward is narrowed to what no name can match.
    #[error(
        "{known} is narrowed to a {} or the beginning of its name, like {known}:{}",
        by.noun(),
        by.example()
    )]
    Narrowing {
        /// The scope.
        known: &'static str,
        /// To what it can be narrowed.
        by: Narrowing,
    },
}

/// At most 32 scopes, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = Vec<Scope>, max_items = 32))]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Scope::as_str)
    }

    /// Those of them that do not manage Keyward itself.
    #[must_use]
    pub fn without_management(&self) -> Self {
        Self(self.0.iter().filter(|scope| !is_management(scope.as_str())).cloned().collect())
    }

    /// Whether one of them opens this for anything at all.
    pub fn open(&self, known: &KnownScope) -> bool {
        self.iter().any(|scope| known.is_opened_by(scope))
    }

    /// The names that they open this for, or beginnings of them and `*`; `None`: for all.
    pub fn patterns_for(&self, known: &KnownScope) -> Option<Vec<&str>> {
        let opening = self.iter().filter(|scope| known.is_opened_by(scope));
        opening.map(|scope| known.pattern(scope)).collect()
    }

    /// Whether one of them opens this for what has this name.
    pub fn open_for(&self, known: &KnownScope, name: &str) -> bool {
        self.iter().any(|scope| known.is_opened_for(scope, name))
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

/// The scopes that somebody asks for; see [`Scope::new`].
pub fn new_scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Scopes, D::Error> {
    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct Asked(Scope);

    impl TryFrom<String> for Asked {
        type Error = ScopeError;

        fn try_from(text: String) -> Result<Self, ScopeError> {
            Scope::new(text).map(Self)
        }
    }

    let scopes: Vec<Asked> = Vec::deserialize(from)?;
    let scopes: Vec<Scope> = scopes.into_iter().map(|Asked(scope)| scope).collect();
    Scopes::try_from(scopes).map_err(serde::de::Error::custom)
}

/// Like [`new_scopes`], where they may be absent.
pub fn changed_scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Scopes>, D::Error> {
    new_scopes(from).map(Some)
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.0
    }
}

/// More than [`MAX_SCOPES`] scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A key may have at most 32 scopes")]
pub struct ScopesError;

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Type};
        let text = |pattern: &str, longest: usize| {
            let text = ObjectBuilder::new().schema_type(Type::String);
            text.pattern(Some(pattern)).max_length(Some(longest))
        };
        let word = text("^[a-z][a-z0-9_.-]*(:[a-z0-9_.*-]+)*$", Self::MAX_CHARS);
        let narrowed =
            text(r"^secrets:(read|write):([A-Z][A-Z0-9_]*\*?|\*)$", Self::MAX_NARROWED_CHARS);
        let managing = text(r"^keys:write:([A-Za-z0-9_.-]+\*?|\*)$", Self::MAX_NARROWED_CHARS);
        let description = "What a key may do: the operator's own word, or one of Keyward's \
            scopes, which may be narrowed to a name or to names that begin alike.";
        AnyOfBuilder::new()
            .item(word)
            .item(narrowed)
            .item(managing)
            .description(Some(description))
            .examples(["orders:write", "secrets:read:GITHUB_*"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Scope {}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_scope(text: &str) -> bool {
        Scope::new(text.to_owned()).is_ok()
    }

    #[test]
    fn scopes_follow_their_grammar() {
        for good in ["a", "secrets:read", "secrets:read:GITHUB_*", "a.b-c_1:*:x.y"] {
            assert!(is_scope(good), "{good}");
        }
        for bad in ["", ":", "a:", "1a", "A", "a b", "a*", "a:B", "a::b", "é", "a\n", "a:\0"] {
            assert!(!is_scope(bad), "{bad:?}");
        }
        assert!(is_scope(&"a".repeat(128)));
        assert!(!is_scope(&"a".repeat(129)));
    }

    #[test]
    fn only_scopes_of_keyward_that_write_change_something() {
        for changing in ["secrets:write", "secrets:write:A", "secrets:write:GITHUB_*"] {
            assert!(changes_something(changing), "{changing}");
        }
        for changing in ["keys:write", "keys:write:ci-*", "providers:write"] {
            assert!(changes_something(changing) && is_management(changing), "{changing}");
        }
        for other in ["secrets:write", "keys:verify", "keys:*", "keys:writer", "users:write"] {
            assert!(!is_management(other), "{other}");
        }
        for other in ["secrets:read", "secrets:*", "secrets:writer", "orders:write", "keys:verify"]
        {
            assert!(!changes_something(other), "{other}");
        }
    }

    #[test]
    fn a_known_scope_is_narrowed_to_a_name_or_its_beginning() {
        for good in [
            "secrets:read:A",
            "secrets:read:A_1*",
            "secrets:write:GITHUB_*",
            "secrets:read:*",
            "providers:resolve:openai",
            "providers:resolve:open*",
            "keys:write:ci-*",
            "keys:write:CI_1.x",
            "keys:write:*",
        ] {
            assert!(is_scope(good), "{good}");
        }
        for bad in [
            "secrets:read:",
            "secrets:read:github_*",
            "secrets:read:A:B",
            "secrets:read:A*B",
            "secrets:read:**",
            "secrets:read:_A",
            "secrets:write:a",
            "providers:resolve:OPENAI",
            "providers:resolve:openai:gpt-5",
            "providers:resolve:1",
            "keys:write:a b",
            "keys:write:a*b",
            "keys:write:",
            "keys:write:ä",
            "keys:write:a:b",
        ] {
            assert!(!is_scope(bad), "{bad}");
        }
        let error = Scope::new("secrets:read:github_*".to_owned()).unwrap_err().to_string();
        let sentence = "secrets:read is narrowed to a secret or the beginning of its name, like \
                        secrets:read:GITHUB_*";
        assert_eq!(error, sentence);
        assert!(is_scope(&format!("secrets:write:{}", "A".repeat(255))));
        assert!(!is_scope(&format!("secrets:write:{}*", "A".repeat(255))));
        assert!(!is_scope(&format!("secrets:read:{}", "A".repeat(256))));
    }

    #[test]
    fn what_was_stored_before_is_read_and_opens_nothing() {
        for text in ["secrets:read:github_*", "providers:resolve:openai:gpt-5"] {
            let scope = Scope::try_from(text.to_owned()).unwrap();
            let scopes = Scopes::try_from(vec![scope]).unwrap();
            assert!(!scopes.open_for(&SECRETS_READ, "GITHUB_TOKEN"));
            assert!(!scopes.open_for(&PROVIDERS_RESOLVE, "openai"));
        }
    }

    #[test]
    fn a_narrowed_scope_opens_what_it_names_and_nothing_else() {
        let opens = |scope: &str, known: KnownScope, name: &str| {
            let scopes = Scopes(vec![Scope::try_from(scope.to_owned()).unwrap()]);
            assert!(!scopes.open_for(&known, name) || scopes.open(&known));
            (scopes.open(&known), scopes.open_for(&known, name))
        };
        let cases = [
            ("secrets:read", SECRETS_READ, "A", (true, true)),
            ("secrets:read:A", SECRETS_READ, "A", (true, true)),
            ("secrets:read:A", SECRETS_READ, "AB", (true, false)),
            ("secrets:read:A*", SECRETS_READ, "AB", (true, true)),
            ("secrets:read:A*", SECRETS_READ, "A", (true, true)),
            ("secrets:read:AB*", SECRETS_READ, "A", (true, false)),
            ("secrets:read:*", SECRETS_READ, "A", (true, true)),
            ("secrets:read:A", SECRETS_WRITE, "A", (false, false)),
            ("secrets:readx", SECRETS_READ, "A", (false, false)),
            ("secrets", SECRETS_READ, "A", (false, false)),
            ("providers:resolve:openai", PROVIDERS_RESOLVE, "openai", (true, true)),
            ("providers:resolve:openai", PROVIDERS_RESOLVE, "openai2", (true, false)),
            ("providers:resolve:openai", SECRETS_READ, "openai", (false, false)),
            // It is not narrowed by anything, so this is an operator's own word.
            ("keys:verify:x", KEYS_VERIFY, "x", (false, false)),
        ];
        for (scope, known, name, expected) in cases {
            assert_eq!(opens(scope, known, name), expected, "{scope} for {name}");
        }
    }

    #[test]
    fn a_scope_grants_itself_and_with_a_star_what_begins_so() {
        for (held, asked, expected) in [
            ("orders:write", "orders:write", true),
            ("orders:write", "orders:writes", false),
            ("orders", "orders:write", false),
            ("orders:*", "orders:write", true),
            ("orders:*", "orders", false),
            ("orders:*", "orders:*", true),
            ("orders:write", "orders:*", false),
            ("secrets:read", "secrets:read:A", true),
            ("secrets:read:A", "secrets:read", false),
            ("keys:verify", "keys:verify:x", false),
        ] {
            assert_eq!(grants(held, asked), expected, "{held} for {asked}");
        }
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
