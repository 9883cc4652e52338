//! Who can read a secret, and who last did.

use keyward_api::audit::AuditEntry;
use keyward_api::key_list::{KeySort, KeyStatus};
use keyward_api::keys::ApiKey;
use keyward_api::roles::Role;
use keyward_api::scopes::SECRETS_READ;
use keyward_api::secrets::{SecretAccess, SecretRead, SecretReader};

use super::permissions::ReadSecrets;
use super::store;
use super::vault::{SecretError, SecretRefusal, Vault};
use crate::access::Permission;
use crate::audit::{answer, lookup};
use crate::keys::Registry;
use crate::keys::listing::{KeyFilter, KeyQuery};

/// Keys that are named; the others are counted.
const NAMED: usize = 100;

impl Vault {
    /// Who can read the value of a secret, and who last did.
    pub async fn access(&self, keys: &Registry, key: &str) -> Result<SecretAccess, SecretError> {
        let found = store::find(&self.db, key).await?;
        found.ok_or_else(|| SecretRefusal::NotFound(key.to_owned()))?;
        let last = lookup::last_read(&self.db, key).await?;
        let filter = KeyFilter {
            status: Some(KeyStatus::Active),
            reads: Some(key.to_owned()),
            ..KeyFilter::default()
        };
        let query = KeyQuery { filter, sort: KeySort::Name, after: None, limit: NAMED };
        let page = keys.page(query).await?;
        let roles = Role::ALL.into_iter().filter(|role| Some(*role) >= ReadSecrets::ROLE);
        Ok(SecretAccess {
            last_read: last.map(answer::entry).map(read),
            keys: page.keys.into_iter().filter_map(|record| reader(record, key)).collect(),
            total_keys: page.total,
            roles: roles.map(|role| role.to_string()).collect(),
        })
    }
}

fn read(entry: AuditEntry) -> SecretRead {
    let AuditEntry { time: at, actor, address, .. } = entry;
    SecretRead { at, actor, address }
}

/// None: it was changed since the list was made.
fn reader(record: ApiKey, key: &str) -> Option<SecretReader> {
    let ApiKey { id, name, prefix, scopes, .. } = record;
    let scope = scopes.iter().find(|scope| SECRETS_READ.is_opened_for(scope, key))?.to_owned();
    Some(SecretReader { id, name, prefix, scope })
}
