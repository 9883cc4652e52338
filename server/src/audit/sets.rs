//! What the end of the log says of the authenticated sets: how often each was changed.
//!
//! Threat: somebody who can write to the database puts a set of rows back to an earlier day,
//! together with its row of the table `generation`, while no server runs. Set and sum agree; but
//! each change of a set appends to the log, and so the end of the log tells of a later one. To
//! put that back as well, the log must be: `keyward audit verify` prints its length.

use std::sync::atomic::{AtomicI64, Ordering};

use keyward_core::chain::AuditKey;
use keyward_core::row::RowKey;
use keyward_core::set::SetName;
use sea_orm::DatabaseTransaction;
use subtle::ConstantTimeEq;

use super::entity::head;
use crate::authenticity::store as sets;
use crate::database::StoreError;

/// The sets in the order in which they are written.
const NAMES: [SetName; 3] = [SetName::Keys, SetName::Vault, SetName::People];

/// The generation of each set.
pub type Generations = [i64; NAMES.len()];

#[derive(Default)]
pub struct Newest {
    pub seq: AtomicI64,
    sets: [AtomicI64; NAMES.len()],
}

impl Newest {
    /// A head that is stored tells these: what a process has seen never goes back.
    pub(super) fn saw(&self, reported: Generations) -> Generations {
        let mut newest = reported;
        for (seen, newest) in self.sets.iter().zip(&mut newest) {
            *newest = (*newest).max(seen.fetch_max(*newest, Ordering::SeqCst));
        }
        newest
    }

    /// Whether a head was seen that says something of the sets.
    pub(super) fn has_seen_any(&self) -> bool {
        self.seen() != Generations::default()
    }

    pub(super) fn seen(&self) -> Generations {
        std::array::from_fn(|n| self.sets[n].load(Ordering::SeqCst))
    }
}

/// The generations that are stored now, in the transaction that may have changed one of them; of
/// a set that was altered, 0.
pub(super) async fn stored(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
) -> Result<Generations, StoreError> {
    let mut generations = Generations::default();
    for (n, name) in generations.iter_mut().zip(NAMES) {
        *n = match sets::read(transaction, name, rows).await {
            Ok(set) => set.map_or(0, |set| set.n),
            Err(StoreError::Altered(_)) => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(generations)
}

/// The later one of each.
pub(super) fn later(a: Generations, b: Generations) -> Generations {
    std::array::from_fn(|n| a[n].max(b[n]))
}

pub(super) fn of(generations: Generations, name: SetName) -> i64 {
    let mut pairs = NAMES.into_iter().zip(generations);
    pairs.find(|(other, _)| *other == name).map_or(0, |(_, n)| n)
}

/// What the head says; `None`: nothing, or nobody with the key said it.
pub(super) fn reported(key: &AuditKey, head: &head::Model) -> Option<Generations> {
    let (sets, mac) = (head.sets.as_deref()?, head.sets_mac.as_deref()?);
    let is_ours: bool = key.sets_mac(head.seq, &head.entry_hash, sets).ct_eq(mac).into();
    let (numbers, rest) = sets.as_chunks::<8>();
    let numbers = <[[u8; 8]; NAMES.len()]>::try_from(numbers).ok()?;
    (is_ours && rest.is_empty()).then(|| numbers.map(i64::from_be_bytes))
}

/// Whether nobody else wrote what the head says of the sets. An earlier version wrote nothing.
pub(super) fn are_ours(key: &AuditKey, head: &head::Model) -> bool {
    head.sets.is_none() && head.sets_mac.is_none() || reported(key, head).is_some()
}

pub(super) fn to_bytes(generations: Generations) -> Vec<u8> {
    generations.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// The first set that is of an earlier day than the head tells.
pub(super) fn put_back(stored: Generations, reported: Generations) -> Option<SetName> {
    let mut pairs = NAMES.into_iter().zip(stored.into_iter().zip(reported));
    pairs.find(|(_, (stored, reported))| stored < reported).map(|(name, _)| name)
}
