//! The scopes that open routes of Keyward, and how they are narrowed to some names.

use crate::providers::ProviderId;
use crate::secrets::SecretKey;

/// A scope that Keyward itself understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownScope {
    /// The scope as text, which opens all of it.
    pub text: &'static str,
    /// What it opens, for a person.
    pub opens: &'static str,
    /// By what it can be narrowed: `text:NAME`, or `text:BEGINNING*`.
    pub narrowed_by: Option<Narrowing>,
}

/// `secrets:read`
pub const SECRETS_READ: KnownScope = KnownScope {
    text: "secrets:read",
    opens: "Read the values of stored secrets",
    narrowed_by: Some(Narrowing::SecretKey),
};
/// `secrets:write`
pub const SECRETS_WRITE: KnownScope = KnownScope {
    text: "secrets:write",
    opens: "Create, change and delete secrets",
    narrowed_by: Some(Narrowing::SecretKey),
};
/// `providers:resolve`
pub const PROVIDERS_RESOLVE: KnownScope = KnownScope {
    text: "providers:resolve",
    opens: "Get the credential of a provider or model",
    narrowed_by: Some(Narrowing::Provider),
};
/// `keys:verify`
pub const KEYS_VERIFY: KnownScope = KnownScope {
    text: "keys:verify",
    opens: "Ask whether another caller's key is good",
    narrowed_by: None,
};

/// All of them.
pub const KNOWN_SCOPES: [KnownScope; 4] =
    [SECRETS_READ, SECRETS_WRITE, PROVIDERS_RESOLVE, KEYS_VERIFY];

/// The names that a scope can be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrowing {
    /// The key of a secret.
    SecretKey,
    /// A provider.
    Provider,
}

impl Narrowing {
    /// What is named, for a person.
    pub fn noun(self) -> &'static str {
        match self {
            Self::SecretKey => "secret",
            Self::Provider => "provider",
        }
    }

    /// One that fits.
    pub fn example(self) -> &'static str {
        match self {
            Self::SecretKey => "GITHUB_*",
            Self::Provider => "openai",
        }
    }

    /// Whether a name could match the pattern: a name, or its beginning and `*`.
    pub(crate) fn fits(self, pattern: &str) -> bool {
        let (name, is_whole) = match pattern.strip_suffix('*') {
            Some(beginning) => (beginning, false),
            None => (pattern, true),
        };
        if name.is_empty() {
            return !is_whole;
        }
        match self {
            Self::SecretKey => SecretKey::try_from(name.to_owned()).is_ok(),
            Self::Provider => ProviderId::try_from(name.to_owned()).is_ok(),
        }
    }
}

impl KnownScope {
    /// What the scope is narrowed to, if the text is this scope, narrowed.
    pub(crate) fn pattern<'a>(&self, scope: &'a str) -> Option<&'a str> {
        self.narrowed_by?;
        scope.strip_prefix(self.text)?.strip_prefix(':')
    }

    /// Whether `scope` opens this for anything at all.
    pub(crate) fn is_opened_by(&self, scope: &str) -> bool {
        scope == self.text || self.pattern(scope).is_some()
    }

    /// Whether `scope` opens this for what has this name.
    pub(crate) fn is_opened_for(&self, scope: &str, name: &str) -> bool {
        scope == self.text || self.pattern(scope).is_some_and(|pattern| matches(pattern, name))
    }
}

/// Whether a name is the pattern, or begins with what stands before its `*`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |beginning| name.starts_with(beginning))
}
