//! What is known of the installation, and that costs little to know.

use keyward_api::audit::BrokenEntry;
use keyward_api::keys::ApiKey;
use time::OffsetDateTime;

/// What may need a person.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The first break of the audit log that is known and that nobody has acknowledged.
    pub broken: Option<BrokenEntry>,
    /// Keys whose rows cannot be read, or were changed outside of Keyward.
    pub broken_keys: Group,
    /// How many of them were changed.
    pub altered: u64,
    /// The set of rows that does not hold, by its name.
    pub altered_set: Option<&'static str>,
    pub is_root_key_kept: bool,
    pub refused: Option<Refused>,
    /// Keys that expire soon and are in use.
    pub expiring: Group,
    /// Keys that replaced one which was used since they did.
    pub old_keys: Vec<ApiKey>,
    pub has_previous_root_key: bool,
    pub is_plain_http: bool,
    /// When this machine met the store, if that was lately.
    pub met: Option<OffsetDateTime>,
    /// It is time for a backup.
    pub backup: Option<Overdue>,
    /// Keys that never expire and may change something.
    pub writing_forever: Group,
    /// The e-mail address of the only one.
    pub only_administrator: Option<String>,
    pub unused: Group,
}

/// Keys of which the same is so.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub count: u64,
    /// The key, when there is one only.
    pub one: Option<ApiKey>,
}

/// Addresses that were refused often.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The one that was refused most often.
    pub address: String,
    /// How many there are.
    pub addresses: u64,
    /// How often all of them were refused.
    pub count: u64,
}

/// A backup that should have been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// How old the last one is; none: none is known.
    pub days: Option<u64>,
}
