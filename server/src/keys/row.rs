//! A row of the settings table as a key: what its JSON may look like, and what is shown of
//! one that cannot be read. Pure.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use keyward_api::keys::{ApiKey, Overlap};
use keyward_api::limits::RateLimit;
use keyward_api::scopes::Scopes;
use keyward_core::digest::KeyDigest;
use keyward_core::networks;
use keyward_core::row::{Authenticated, RowKey, RowMac};
use keyward_core::set::Sum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::settings::{FoundRow, Model};

/// The JSON in `value`. Older rows have the first two members only, and perhaps `name`;
/// members this version does not know are kept.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeyJson {
    pub key_prefix: String,
    pub key_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub scopes: Scopes,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(default = "enabled")]
    pub enabled: bool,
    #[serde(default)]
    pub created_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_networks: Vec<IpNet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// Whether its scopes that manage Keyward were given as such. Before they had a meaning, they
    /// may have been the operator's own words, which open nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub manages: bool,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The key that a rotation replaced. It stays here after its end, until the next change.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Former {
    pub prefix: String,
    pub hash: String,
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
}

fn enabled() -> bool {
    true
}

/// A key as it is stored: everything about it but the key.
#[derive(Clone, Debug)]
pub struct StoredKey {
    pub record: ApiKey,
    pub digest: KeyDigest,
    /// What the key hashes to that a rotation replaced.
    pub former: Option<KeyDigest>,
    /// From where it is accepted; empty: from everywhere.
    pub networks: Vec<IpNet>,
    /// Whether its scopes that manage Keyward open routes.
    pub manages: bool,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
}

impl StoredKey {
    /// The scopes that may open routes of Keyward.
    pub fn opening_scopes(&self) -> Scopes {
        let scopes = &self.record.scopes;
        if self.manages { scopes.clone() } else { scopes.without_management() }
    }
}

/// A row that is no key, or was changed outside of Keyward. It authenticates nobody, and the list
/// says so.
#[derive(Clone, Debug)]
pub struct UnreadableKey {
    pub record: ApiKey,
    /// Why it cannot be read; never a part of the value.
    pub reason: String,
    pub is_ours: bool,
}

pub type ReadKey = Result<StoredKey, Box<UnreadableKey>>;

pub fn record(key: &ReadKey) -> &ApiKey {
    match key {
        Ok(key) => &key.record,
        Err(unreadable) => &unreadable.record,
    }
}

/// The id of a key, for all that is in memory of it.
pub(super) fn id_of(key: &ReadKey) -> Arc<str> {
    record(key).id.as_str().into()
}

/// Whether the mac of its row is ours.
pub(crate) fn is_ours(key: &ReadKey) -> bool {
    key.as_ref().map_or_else(|unreadable| unreadable.is_ours, |_| true)
}

pub(crate) fn read(rows: &RowKey, row: FoundRow) -> ReadKey {
    let row = match row {
        FoundRow::Whole(row) => row,
        FoundRow::Broken { id, key, reason, .. } => {
            let record = unreadable(id, key, OffsetDateTime::UNIX_EPOCH, None);
            return Err(Box::new(UnreadableKey { record, reason, is_ours: false }));
        }
    };
    if !rows.is_ours(&row) {
        let record = unreadable(row.id, row.key, row.created_at, row.last_used_at);
        let record = ApiKey { altered: true, ..record };
        let reason = "the row was changed outside of Keyward: its mac is not ours".to_owned();
        return Err(Box::new(UnreadableKey { record, reason, is_ours: false }));
    }
    match parse(&row.value) {
        Ok((stored, digest)) => Ok(to_key(row, stored, digest)),
        Err(reason) => {
            let record = unreadable(row.id, row.key, row.created_at, row.last_used_at);
            Err(Box::new(UnreadableKey { record, reason, is_ours: true }))
        }
    }
}

/// A key as it is stored, with what makes it a member of the set.
pub struct ReadRow {
    pub key: ReadKey,
    /// The mac of its row, as far as that may be one.
    pub mac: Option<RowMac>,
    /// What it is in the sum of the set.
    pub element: Sum,
}

impl ReadRow {
    pub(super) fn of(rows: &RowKey, row: FoundRow) -> Self {
        let element = rows.element_of(Model::TABLE, row.id(), row.mac());
        let mac = row.mac().and_then(|mac| mac.try_into().ok());
        Self { key: read(rows, row), mac, element }
    }
}

fn unreadable(
    id: String,
    name: String,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
) -> ApiKey {
    ApiKey {
        id,
        name,
        prefix: String::new(),
        scopes: Scopes::default(),
        created_at,
        created_by: None,
        last_used_at,
        last_used_address: None,
        expires_at: None,
        enabled: false,
        rate_limit: None,
        allowed_networks: Vec::new(),
        overlap: None,
        unreadable: true,
        altered: false,
    }
}

pub(super) fn parse(value: &str) -> Result<(KeyJson, KeyDigest), String> {
    // The error's own text could quote the value.
    let stored: KeyJson = serde_json::from_str(value)
        .map_err(|error| format!("not the JSON of a key, at column {}", error.column()))?;
    let digest = KeyDigest::from_hex(&stored.key_hash)
        .ok_or_else(|| "key_hash is not 64 hex digits".to_owned())?;
    if stored.former.as_ref().is_some_and(|former| KeyDigest::from_hex(&former.hash).is_none()) {
        return Err("the hash of the former key is not 64 hex digits".to_owned());
    }
    Ok((stored, digest))
}

pub(super) fn to_json(stored: &KeyJson) -> String {
    // Maps with text keys and no float cannot fail to serialise.
    serde_json::to_value(stored).unwrap_or_default().to_string()
}

/// What a row says; `row.value` is `stored`, read.
pub(super) fn to_key(row: Model, stored: KeyJson, digest: KeyDigest) -> StoredKey {
    let Model { id, key, created_at, updated_at, last_used_at, last_used_address, .. } = row;
    let former_last_used_at = row.former_last_used_at;
    let former = stored.former.as_ref().and_then(|former| KeyDigest::from_hex(&former.hash));
    let overlap = stored.former.map(|Former { prefix, ends_at, .. }| {
        // Never past the expiry of the key itself.
        let ends_at = stored.expires_at.map_or(ends_at, |expiry| expiry.min(ends_at));
        Overlap { prefix, ends_at, last_used_at: former_last_used_at }
    });
    let (networks, manages) = (stored.allowed_networks, stored.manages);
    let record = ApiKey {
        id,
        name: stored.name.unwrap_or(key),
        prefix: stored.key_prefix,
        scopes: stored.scopes,
        created_at,
        created_by: stored.created_by,
        last_used_at,
        last_used_address: last_used_address.filter(|it| it.parse::<IpAddr>().is_ok()),
        expires_at: stored.expires_at,
        enabled: stored.enabled,
        rate_limit: stored.rate_limit,
        allowed_networks: networks.iter().map(networks::to_text).collect(),
        overlap,
        unreadable: false,
        altered: false,
    };
    StoredKey { record, digest, former, networks, manages, updated_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_older_layout_is_a_key_that_is_enabled_and_has_no_scopes() {
        let value = format!(r#"{{"key_prefix":"kw_abcde","key_hash":"{HASH}"}}"#);
        let (stored, digest) = parse(&value).unwrap();
        assert!(stored.enabled && stored.scopes == Scopes::default());
        assert_eq!(digest, KeyDigest::of("abc"));
    }

    #[test]
    fn members_this_version_does_not_know_survive_a_change() {
        let value = format!(r#"{{"key_prefix":"k","key_hash":"{HASH}","team":{{"a":1}}}}"#);
        let again = to_json(&parse(&value).unwrap().0);
        assert!(again.contains(r#""team":{"a":1}"#), "{again}");
    }

    #[test]
    fn what_is_no_key_is_told_without_quoting_it() {
        for value in [
            "",
            "null",
            "planted",
            r#"{"key_prefix":"planted"}"#,
            r#"{"key_prefix":"k","key_hash":"planted"}"#,
            &format!(r#"{{"key_prefix":"k","key_hash":"{HASH}","allowed_networks":["planted"]}}"#),
            &format!(r#"{{"key_prefix":"k","key_hash":"{HASH}","rate_limit":"planted"}}"#),
            &format!(
                r#"{{"key_prefix":"k","key_hash":"{HASH}","former":
                {{"prefix":"k","hash":"planted","ends_at":"2026-01-01T00:00:00Z"}}}}"#
            ),
        ] {
            let reason = parse(value).err().unwrap();
            assert!(!reason.contains("planted"), "{reason}");
        }
    }
}
