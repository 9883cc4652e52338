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
    /// Whether what it opens changes something.
    pub changes: bool,
    /// Whether it manages Keyward itself: only an admin's session gives it.
    pub manages: bool,
}

/// `secrets:read`
pub const SECRETS_READ: KnownScope = KnownScope {
    text: "secrets:read",
    opens: "Read the values of stored secrets",
    narrowed_by: Some(Narrowing::SecretKey),
    changes: false,
    manages: false,
};
/// `secrets:write`
pub const SECRETS_WRITE: KnownScope = KnownScope {
    text: "secrets:write",
    opens: "Create, change and delete secrets",
    narrowed_by: Some(Narrowing::SecretKey),
    changes: true,
    manages: false,
};
/// `providers:resolve`
pub const PROVIDERS_RESOLVE: KnownScope = KnownScope {
    text: "providers:resolve",
    opens: "Get the credential of a provider or model",
    narrowed_by: Some(Narrowing::Provider),
    changes: false,
    manages: false,
};
/// `keys:verify`
pub const KEYS_VERIFY: KnownScope = KnownScope {
    text: "keys:verify",
    opens: "Ask whether another caller's key is good",
    narrowed_by: None,
    changes: false,
    manages: false,
};

/// `keys:read`
pub const KEYS_READ: KnownScope = KnownScope {
    text: "keys:read",
    opens: "List API keys, without their values",
    narrowed_by: None,
    changes: false,
    manages: true,
};
/// `keys:write`
pub const KEYS_WRITE: KnownScope = KnownScope {
    text: "keys:write",
    opens: "Create, change, rotate and delete API keys",
    narrowed_by: Some(Narrowing::KeyName),
    changes: true,
    manages: true,
};
/// `providers:write`
pub const PROVIDERS_WRITE: KnownScope = KnownScope {
    text: "providers:write",
    opens: "Enter, replace and delete the keys of providers",
    narrowed_by: None,
    changes: true,
    manages: true,
};
/// `audit:read`
pub const AUDIT_READ: KnownScope = KnownScope {
    text: "audit:read",
    opens: "Read, check and export the audit log",
    narrowed_by: None,
    changes: false,
    manages: true,
};

/// All of them, those that manage Keyward itself last.
pub const KNOWN_SCOPES: [KnownScope; 8] = [
    SECRETS_READ,
    SECRETS_WRITE,
    PROVIDERS_RESOLVE,
    KEYS_VERIFY,
    KEYS_READ,
    KEYS_WRITE,
    PROVIDERS_WRITE,
    AUDIT_READ,
];

/// Whether only an admin's session gives this scope.
pub fn is_management(scope: &str) -> bool {
    KNOWN_SCOPES.iter().any(|known| known.manages && known.is_opened_by(scope))
}

/// Whether one who holds a scope holds another as well: it grants that, and opens all that it opens.
/// An operator's word such as `secrets:*` grants `secrets:read` to services and opens nothing here.
pub fn covers(held: &str, asked: &str) -> bool {
    let of_asked = KNOWN_SCOPES.iter().find(|known| known.is_opened_by(asked));
    let is_granted = match asked.strip_suffix('*') {
        None => grants(held, asked),
        // All that begins so: more than `a:**`, which begins with `a:*`.
        Some(beginning) => {
            let holds_all = |held: &str| beginning.starts_with(held);
            held == asked || held.strip_suffix('*').is_some_and(holds_all) || is_all_of(held, asked)
        }
    };
    is_granted && of_asked.is_none_or(|known| known.is_opened_by(held))
}

/// Whether a scope grants another: the same one, any that begins so if it ends in `*`, and
/// one of Keyward's own all that it can be narrowed to.
pub fn grants(held: &str, asked: &str) -> bool {
    matches(held, asked) || is_all_of(held, asked)
}

/// Whether one is a scope of Keyward's own, and the other the same one, narrowed.
fn is_all_of(held: &str, asked: &str) -> bool {
    KNOWN_SCOPES.iter().any(|known| known.text == held && known.pattern(asked).is_some())
}

/// Whether a key with this scope may change something in Keyward. What the operator's own scopes
/// open is not known here.
pub fn changes_something(scope: &str) -> bool {
    KNOWN_SCOPES.iter().any(|known| known.changes && known.is_opened_by(scope))
}

/// The names that a scope can be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrowing {
    /// The key of a secret.
    SecretKey,
    /// A provider.
    Provider,
    /// The name of an API key. In a scope it has only `A-Za-z0-9_.-`, since scopes travel in
    /// headers.
    KeyName,
}

impl Narrowing {
    /// What is named, for a person.
    pub fn noun(self) -> &'static str {
        match self {
            Self::SecretKey => "secret",
            Self::Provider => "provider",
            Self::KeyName => "key",
        }
    }

    /// One that fits.
    pub fn example(self) -> &'static str {
        match self {
            Self::SecretKey => "GITHUB_*",
            Self::Provider => "openai",
            Self::KeyName => "ci-*",
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
            Self::KeyName => {
                // One that is longer than any name does no harm.
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
            }
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
    pub fn is_opened_for(&self, scope: &str, name: &str) -> bool {
        scope == self.text || self.pattern(scope).is_some_and(|pattern| matches(pattern, name))
    }
}

/// Whether a name is the pattern, or begins with what stands before its `*`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_it_grants_and_opens() {
        for (held, asked) in [
            ("secrets:read", "secrets:read"),
            ("secrets:read", "secrets:read:A*"),
            ("secrets:read:A*", "secrets:read:AB*"),
            ("secrets:read:A*", "secrets:read:AB"),
            ("secrets:read:*", "secrets:read:A*"),
            ("orders:*", "orders:write"),
            ("orders:write", "orders:write"),
        ] {
            assert!(covers(held, asked), "{held} {asked}");
        }
        for (held, asked) in [
            ("secrets:read:A*", "secrets:read"),
            ("secrets:read:AB", "secrets:read:A*"),
            ("secrets:read:A", "secrets:read:AB"),
            ("secrets:read:A*", "secrets:read:B"),
            ("secrets:write", "secrets:read"),
            ("orders:write", "orders:*"),
            ("orders:", "orders:*"),
            ("orders:**", "orders:*"),
            ("secrets:read:A", "secrets:read:A*"),
            ("secrets:read:**", "secrets:read:*"),
            // An operator's word, which opens nothing here.
            ("secrets:*", "secrets:read"),
            ("secrets:*", "secrets:read:A"),
            ("keys:*", "keys:verify"),
        ] {
            assert!(!covers(held, asked), "{held} {asked}");
        }
    }
}
