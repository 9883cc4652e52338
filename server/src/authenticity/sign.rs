//! Signing what is stored as it is: once, at the first start on a store of an older version,
//! and when a person at the command line says so.

use std::fmt;

use sea_orm::DatabaseTransaction;

use super::scan::{self, Sets};
use super::store as sets;
use crate::audit::sets::Generations;
use crate::database::StoreError;
use crate::encryption::unbound;
use crate::keys::generation;
use crate::session::seen;
use keyward_core::row::{RowKey, RowMac};
use keyward_core::set::{SetName, SetState};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    /// API keys, and what is kept about the installation.
    pub settings: u64,
    pub users: u64,
    pub sessions: u64,
    pub invitations: u64,
    pub providers: u64,
    /// Secrets that are sealed in a form that does not name them.
    pub secrets: u64,
}

impl Signed {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, table: &str, number: u64) {
        match table {
            "settings" => self.settings += number,
            "users" => self.users += number,
            "sessions" => self.sessions += number,
            "invitations" => self.invitations += number,
            _ => self.providers += number,
        }
    }
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { settings, users, sessions, invitations, providers, secrets } = self;
        write!(
            f,
            "{settings} API keys and settings, {users} users, {sessions} sessions, {invitations} \
             invitations, {providers} provider and model keys, {secrets} secrets of a former layout"
        )
    }
}

/// Gives every authenticated row the mac of what it says now, and stores the sets of the keys
/// and of the people as they are now. A row that cannot be read gets no mac.
/// `floor` is what the end of the audit log says of the sets: none of them goes back.
pub async fn everything(
    transaction: &DatabaseTransaction,
    key: &RowKey,
    floor: Generations,
) -> Result<Signed, StoreError> {
    let (mut signed, mut stored) = (Signed::default(), Sets::default());
    scan::each(transaction, key, async |table, rows| {
        let mut macs: Vec<(String, RowMac)> = Vec::new();
        for row in &rows {
            let mac = row.right.as_ref().map(<[u8; 32]>::as_slice).or(row.mac.as_deref());
            stored.add(key, table.name, row, mac);
            if let Some(right) = row.right.filter(|_| !row.is_ours()) {
                macs.push((row.id.clone(), right));
            }
        }
        signed.count(table.name, macs.len() as u64);
        scan::write(transaction, table, macs).await
    })
    .await?;
    signed.sessions = signed.sessions.max(seen::sign_all(transaction, key).await?);
    signed.secrets = unbound::sign_unbound(transaction, key).await?;
    let [keys, _, people] = floor;
    put(transaction, key, SetName::Keys, stored.keys.all(), keys).await?;
    put(transaction, key, SetName::People, stored.people.all(), people).await?;
    Ok(signed)
}

/// Stores a set with a generation that no process has seen.
async fn put(
    transaction: &DatabaseTransaction,
    key: &RowKey,
    name: SetName,
    set: SetState,
    floor: i64,
) -> Result<(), StoreError> {
    let stored = sets::number(transaction, name).await?.unwrap_or_default();
    let changed = match name {
        SetName::Keys => generation::newest_change(transaction).await?,
        _ => 0,
    };
    let n = stored.max(changed).max(floor).saturating_add(1);
    let set = SetState { n, ..set };
    match name {
        // About no key: who follows reads all of them.
        SetName::Keys => generation::raise(transaction, key, &set, "").await.map(drop),
        _ => Ok(sets::put(transaction, name, key, set).await?),
    }
}
