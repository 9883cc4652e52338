//! Which rows the authenticated set of the keys has, as this process knows it: the mac of each,
//! by its id.
//!
//! Threat: somebody who can write to the database puts an earlier row of a key in the place of
//! the present one. Its mac is good, and nobody reads it until the key is changed; a change that
//! took the row for a member of the set would make it one.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use keyward_core::row::RowMac;
use keyward_core::set::{SetState, Tally};

use super::row::{ReadRow, is_ours};

#[derive(Default)]
pub struct Members(RwLock<HashMap<Arc<str>, RowMac>>);

impl Members {
    /// The mac of the row with this id; none: it is not in the set.
    pub fn mac(&self, id: &str) -> Option<RowMac> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// From now on the row with this id has this mac, or is not in the set.
    pub fn set(&self, id: &str, mac: Option<RowMac>) {
        let mut members = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match mac {
            Some(mac) => members.insert(id.into(), mac),
            None => members.remove(id),
        };
    }

    pub fn replace(&self, members: HashMap<Arc<str>, RowMac>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = members;
    }
}

/// All rows that are stored, one after the other.
#[derive(Default)]
pub struct Loaded {
    tally: Tally,
    macs: HashMap<Arc<str>, RowMac>,
    /// Those of them that are not ours.
    others: Vec<Arc<str>>,
}

impl Loaded {
    pub fn of(number: usize) -> Self {
        Self { macs: HashMap::with_capacity(number), ..Self::default() }
    }

    pub fn add(&mut self, id: &Arc<str>, row: &ReadRow) {
        let is_ours = is_ours(&row.key);
        self.tally.add(row.element, is_ours);
        if !is_ours {
            self.others.push(id.clone());
        }
        if let Some(mac) = row.mac {
            self.macs.insert(id.clone(), mac);
        }
    }

    /// The members of a stored set; `None`: these are not its rows.
    pub fn members_of(mut self, stored: &SetState) -> Option<HashMap<Arc<str>, RowMac>> {
        if !self.tally.counts_all(stored)? {
            for id in &self.others {
                self.macs.remove(id);
            }
        }
        Some(self.macs)
    }
}
