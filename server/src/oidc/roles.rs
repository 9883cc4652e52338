//! From groups at the provider to a role here. Pure.

use keyward_api::roles::Role;
use serde_json::{Map, Value};

/// Which groups give which role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRoles {
    /// The claim that holds the groups; dots lead into objects.
    pub claim: String,
    pub admin: Vec<String>,
    pub editor: Vec<String>,
    pub viewer: Vec<String>,
}

/// What the groups of a person say of the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// No group is configured: roles are given here.
    Unmanaged,
    /// None of the person's groups is configured, or the provider names no groups.
    Nothing,
    /// The highest of those that the groups give.
    Role(Role),
}

impl GroupRoles {
    /// Whether the provider decides about roles.
    pub fn is_configured(&self) -> bool {
        [&self.admin, &self.editor, &self.viewer].iter().any(|groups| !groups.is_empty())
    }

    /// Whether these claims name groups, if only an empty list.
    pub fn are_named_by(&self, claims: &Map<String, Value>) -> bool {
        self.groups(claims).is_some()
    }

    /// What the groups in these claims give.
    pub fn granted_by(&self, claims: &Map<String, Value>) -> Granted {
        if !self.is_configured() {
            return Granted::Unmanaged;
        }
        let groups = self.groups(claims).unwrap_or_default();
        let has_one_of = |wanted: &[String]| {
            wanted.iter().any(|wanted| groups.iter().any(|group| group == wanted))
        };
        if has_one_of(&self.admin) {
            Granted::Role(Role::Admin)
        } else if has_one_of(&self.editor) {
            Granted::Role(Role::Editor)
        } else if has_one_of(&self.viewer) {
            Granted::Role(Role::Viewer)
        } else {
            Granted::Nothing
        }
    }

    /// An array of strings, or one string. Anything else is no groups at all: a value of which a
    /// part is understood is not a part of the truth.
    fn groups<'a>(&self, claims: &'a Map<String, Value>) -> Option<Vec<&'a str>> {
        match find(claims, &self.claim)? {
            Value::String(group) => Some(vec![group]),
            Value::Array(groups) => groups.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }
}

/// The claim of this name; else the one that its first part leads to, and so on. Names with dots
/// in them (`https://example.com/roles`) are found as they are.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let inner = claims.get(&name[..dot])?.as_object()?;
        find(inner, &name[dot + 1..])
    })
}
