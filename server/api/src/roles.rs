//! What a person may do: each role may do all that those before it may.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person may do. Ordered: each may do all that those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Sees names, limits, use and the audit log; never a value.
    Viewer,
    /// Makes and changes keys, secrets and the keys of providers, and reveals values.
    Editor,
    /// Also people, management scopes, base URLs of providers, encryption, backups and servers.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The word by which it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// What it may do, for a person.
    pub fn means(self) -> &'static str {
        match self {
            Self::Viewer => "Sees names, limits, use and the audit log, never a value.",
            Self::Editor => {
                "Makes and changes keys, secrets and provider keys, and reveals values."
            }
            Self::Admin => {
                "May do everything: also people, management scopes, base URLs and encryption."
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<&str> for Role {
    type Error = UnknownRole;

    fn try_from(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// The text is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Role must be viewer, editor or admin")]
pub struct UnknownRole;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_more_than_those_before_it_and_has_one_word() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::try_from(role.as_str()), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        for odd in ["", "Admin", "root", " admin"] {
            assert_eq!(Role::try_from(odd), Err(UnknownRole), "{odd:?}");
        }
    }
}
