//! Which rows are authenticated, and how. A test fails when the schema has a table or a column
//! that is not listed here.

use keyward_core::set::SetName;

#[derive(Clone, Copy, Debug)]
pub struct AuthenticatedTable {
    pub name: &'static str,
    /// The column by which a row is found.
    pub id: &'static str,
    /// The set that its rows are in, if it matters which ones there are.
    pub set: Option<SetName>,
    /// Columns that the mac does not cover, each with the reason.
    pub free: &'static [(&'static str, &'static str)],
}

const WRITTEN_BEHIND: &str = "a part of the last use, which is written behind and decides nothing";
const SEALED: &str = "sealed for its row, under the key that it names";

pub const TABLES: [AuthenticatedTable; 6] = [
    AuthenticatedTable {
        name: "settings",
        id: "id",
        set: Some(SetName::Keys),
        free: &[
            ("last_used_at", WRITTEN_BEHIND),
            ("last_used_address", WRITTEN_BEHIND),
            ("former_last_used_at", WRITTEN_BEHIND),
        ],
    },
    AuthenticatedTable {
        name: "users",
        id: "id",
        set: Some(SetName::People),
        free: &[("last_sign_in_at", "is shown, and decides nothing")],
    },
    AuthenticatedTable {
        name: "sessions",
        id: "token_hash",
        set: Some(SetName::People),
        free: &[("last_seen_at", "has a mac beside it, in seen_mac"), ("seen_mac", "is one")],
    },
    AuthenticatedTable { name: "invitations", id: "id", set: Some(SetName::People), free: &[] },
    AuthenticatedTable {
        name: "provider_credentials",
        id: "id",
        set: None,
        free: &[("encrypted_value", SEALED), ("key_id", SEALED)],
    },
    AuthenticatedTable {
        name: "model_credentials",
        id: "id",
        set: None,
        free: &[("encrypted_value", SEALED), ("key_id", SEALED)],
    },
];

/// All other tables, each with what authenticates its rows, or why nothing does.
pub const OTHERS: [(&str, &str); 12] = [
    ("secrets", "values are sealed for their row and name; those of before have a mac"),
    ("totp_secrets", "sealed for their row and person, which the row of the person names"),
    ("encryption_keys", "wrapped for their row, purpose and version; a set"),
    ("audit_log", "a chain of hashes, each with a mac"),
    ("audit_head", "a mac"),
    ("generation", "the sets, each under a mac"),
    ("key_changes", "believed only as far as the rows add up to the set"),
    ("key_creations", "what was made lately with an Idempotency-Key; it decides only refusals"),
    ("replicas", "decide when a revocation is answered; leases end without them as well"),
    ("lease_terms", "the same for all servers, each of which knows its own"),
    ("verification_hours", "numbers that people are shown; they decide nothing"),
    ("seaql_migrations", "the schema; it decides nothing about rows"),
];
