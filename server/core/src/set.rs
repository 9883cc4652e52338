//! Sets of rows that are accepted by being there: which rows there are is authenticated too.
//! Pure.
//!
//! After MSet-Add-Hash (Clarke et al., "Incremental Multiset Hash Functions and Their
//! Application to Memory Integrity Checking", Asiacrypt 2003):
//!
//! 1. A row's element is a number of 256 bits: HMAC-SHA256, under the key for rows, over its
//!    table, its id and its mac. The sum of a set is that of its elements modulo 2^256, so a
//!    change adds and takes away, whatever the size of the set.
//! 2. What is stored is the sum plus a mask, which is another HMAC, over the generation: anyone
//!    who reads one stored sum after the other learns no element, and so cannot search for other
//!    rows of earlier days with the same sum.
//! 3. Generation, number of rows and masked sum are under one mac, with the name of the set.
//!
//! A row that is taken out, put back, or exchanged for itself of an earlier day does not add up.
//! Rows that are refused by their macs stop no other: a row whose columns were changed, and its
//! mac not, is still in the sum, and rows that Keyward did not write are left out of it
//! ([`Tally`]).

use std::ops::{Add, AddAssign, Sub, SubAssign};

use subtle::ConstantTimeEq;

use crate::row::{RowKey, RowMac, finished};

/// The sets, each with the id of its row in the table `generation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetName {
    /// API keys: rows of the table `settings`.
    Keys = 1,
    /// Wrapped keys: rows of the table `encryption_keys`.
    Vault = 2,
    /// Users, sessions and invitations.
    People = 3,
}

impl SetName {
    /// What is in it, for a sentence.
    pub fn rows(self) -> &'static str {
        match self {
            Self::Keys => "API keys",
            Self::Vault => "wrapped keys",
            Self::People => "users and sessions",
        }
    }

    /// The id of its row in the table `generation`.
    pub fn id(self) -> i16 {
        self as i16
    }
}

/// A number of 256 bits, modulo 2^256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum([u64; 4]);

/// A set at one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetState {
    /// Raised by one by each change.
    pub n: i64,
    /// How many rows there are.
    pub count: i64,
    /// What their elements add up to.
    pub sum: Sum,
}

/// A set as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSet {
    /// The generation.
    pub n: i64,
    /// How many rows there are.
    pub count: i64,
    /// The masked sum.
    pub sum: [u8; 32],
    /// The mac of all three.
    pub mac: RowMac,
}

impl SetState {
    /// With one row more.
    pub fn add(&mut self, element: Sum) {
        self.count += 1;
        self.sum += element;
    }

    /// With one row less.
    pub fn take(&mut self, element: Sum) {
        self.count -= 1;
        self.sum -= element;
    }

    /// Whether both are the same rows, whatever the generation.
    pub fn has_same_rows(&self, other: &Self) -> bool {
        self.count == other.count && self.sum == other.sum
    }
}

/// The rows that were found: those whose mac is ours, and all with the macs that they have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    ours: SetState,
    all: SetState,
}

impl Tally {
    /// With the rows of this set already.
    pub fn after(set: SetState) -> Self {
        Self { ours: set, all: set }
    }

    /// With one row more, and whether its mac is ours.
    pub fn add(&mut self, element: Sum, is_ours: bool) {
        self.all.add(element);
        if is_ours {
            self.ours.add(element);
        }
    }

    /// Whether these are the rows of a stored set, but for strangers, or for rows whose columns
    /// were changed: all of them are refused by their macs.
    pub fn agrees_with(&self, stored: &SetState) -> bool {
        self.ours.has_same_rows(stored) || self.all.has_same_rows(stored)
    }

    /// Whether rows that are not ours are in a stored set; `None`: the rows do not agree with it.
    pub fn counts_all(&self, stored: &SetState) -> Option<bool> {
        let all = self.all.has_same_rows(stored);
        (all || self.ours.has_same_rows(stored)).then_some(all)
    }

    /// All rows with the macs that they have.
    pub fn all(&self) -> SetState {
        self.all
    }
}

impl RowKey {
    /// What a row with this id and mac is in a sum. A row without a mac is one as well, so
    /// that it is missed or reported.
    pub fn element_of(&self, table: &str, id: &str, mac: Option<&[u8]>) -> Sum {
        Sum::from(finished(self.element(), |columns| {
            columns.put(table);
            columns.put(id);
            columns.put_or_none(mac);
        }))
    }

    /// The set, to be stored.
    pub fn seal_set(&self, name: SetName, state: &SetState) -> SealedSet {
        let SetState { n, count, sum } = *state;
        let sum = (sum + self.mask_of(name, n)).to_bytes();
        SealedSet { n, count, sum, mac: self.mac_of(name, n, count, &sum) }
    }

    /// The set as it was stored; `None`: it was not stored by who has the key.
    pub fn open_set(
        &self,
        name: SetName,
        n: i64,
        count: i64,
        sum: &[u8],
        mac: &[u8],
    ) -> Option<SetState> {
        let sum: [u8; 32] = sum.try_into().ok()?;
        let is_ours: bool = self.mac_of(name, n, count, &sum).ct_eq(mac).into();
        is_ours.then(|| SetState { n, count, sum: Sum::from(sum) - self.mask_of(name, n) })
    }

    fn mask_of(&self, name: SetName, n: i64) -> Sum {
        Sum::from(finished(self.mask(), |columns| {
            columns.put_number(name as i64);
            columns.put_number(n);
        }))
    }

    fn mac_of(&self, name: SetName, n: i64, count: i64, sum: &[u8; 32]) -> RowMac {
        finished(self.set(), |columns| {
            columns.put_number(name as i64);
            columns.put_number(n);
            columns.put_number(count);
            columns.put(sum);
        })
    }
}

impl Sum {
    /// Big-endian.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(self.0.iter().rev()) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }
}

impl From<[u8; 32]> for Sum {
    fn from(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (chunk, limb) in bytes.chunks_exact(8).zip(limbs.iter_mut().rev()) {
            *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
        }
        Self(limbs)
    }
}

impl Add for Sum {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        let mut carry = false;
        for (limb, other) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = limb.overflowing_add(other);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || over_again);
        }
        self
    }
}

impl Sub for Sum {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        let mut borrow = false;
        for (limb, other) in self.0.iter_mut().zip(other.0) {
            let (difference, under) = limb.overflowing_sub(other);
            let (difference, under_again) = difference.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (difference, under || under_again);
        }
        self
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Sum {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::dek::Dek;

    fn key() -> RowKey {
        RowKey::new(&Dek::generate(&mut StdRng::seed_from_u64(1)).unwrap())
    }

    fn element(id: u8, mac: u8) -> Sum {
        key().element_of("settings", &id.to_string(), Some(&[mac; 32]))
    }

    /// The set of these rows, added up from nothing.
    fn whole(rows: &BTreeMap<u8, u8>) -> SetState {
        let mut state = SetState::default();
        for (id, mac) in rows {
            state.add(element(*id, *mac));
        }
        state
    }

    #[test]
    fn sums_are_modulo_two_to_the_256() {
        let (all, one) = (Sum::from([0xff; 32]), Sum([1, 0, 0, 0]));
        assert_eq!(all + one, Sum::default());
        assert_eq!(Sum::default() - one, all);
        assert_eq!((all - Sum([0, 5, 0, 0])) + Sum([0, 5, 0, 0]), all);
        let mut bytes = [0; 32];
        bytes[31] = 1;
        assert_eq!(one.to_bytes(), bytes);
    }

    #[test]
    fn an_element_is_of_one_row_of_one_table() {
        let one = element(1, 1);
        assert_ne!(one, element(2, 1));
        assert_ne!(one, element(1, 2));
        assert_ne!(one, key().element_of("users", "1", Some(&[1; 32])));
        assert_ne!(one, key().element_of("settings", "1", None));
    }

    #[test]
    fn a_stored_set_opens_as_it_is_and_no_other() {
        let state = whole(&BTreeMap::from([(1, 1), (2, 1)]));
        let SealedSet { n, count, sum, mac } = key().seal_set(SetName::Keys, &state);
        assert_ne!(sum, state.sum.to_bytes(), "masked");
        let open =
            |name, n, count, sum: &[u8], mac: &[u8]| key().open_set(name, n, count, sum, mac);
        assert_eq!(open(SetName::Keys, n, count, &sum, &mac), Some(state));
        assert_eq!(open(SetName::People, n, count, &sum, &mac), None);
        assert_eq!(open(SetName::Keys, n + 1, count, &sum, &mac), None);
        assert_eq!(open(SetName::Keys, n, count - 1, &sum, &mac), None);
        assert_eq!(open(SetName::Keys, n, count, &[0; 32], &mac), None);
        assert_eq!(open(SetName::Keys, n, count, &sum[..31], &mac), None);
        assert_eq!(open(SetName::Keys, n, count, &sum, &[]), None);
    }

    #[test]
    fn stored_sums_of_two_generations_do_not_tell_what_was_added() {
        let mut state = whole(&BTreeMap::from([(1, 1)]));
        let before = key().seal_set(SetName::Keys, &state).sum;
        state.add(element(2, 1));
        state.n += 1;
        let after = key().seal_set(SetName::Keys, &state).sum;
        assert_ne!(Sum::from(after) - Sum::from(before), element(2, 1));
    }

    /// What is done to a set: a row is put in (or replaced), or taken out.
    fn changes() -> impl Strategy<Value = Vec<(u8, Option<u8>)>> {
        prop::collection::vec((0_u8..16, prop::option::of(any::<u8>())), 0..64)
    }

    #[test]
    fn strangers_are_left_out_and_changed_rows_are_not_missed() {
        let stored = whole(&BTreeMap::from([(1, 1), (2, 1)]));
        let tally = |rows: &[(u8, u8, bool)]| {
            let mut tally = Tally::default();
            for (id, mac, ours) in rows {
                tally.add(element(*id, *mac), *ours);
            }
            tally.counts_all(&stored)
        };
        assert_eq!(tally(&[(1, 1, true), (2, 1, true)]), Some(true));
        assert_eq!(tally(&[(1, 1, true), (2, 1, true), (3, 1, false)]), Some(false), "a stranger");
        assert_eq!(tally(&[(1, 1, true), (2, 1, false)]), Some(true), "changed, with its mac");
        assert_eq!(tally(&[(1, 1, true)]), None, "taken out");
        assert_eq!(tally(&[(1, 1, true), (2, 2, true)]), None, "of an earlier day");
        assert_eq!(tally(&[(1, 1, true), (2, 1, true), (3, 1, true)]), None, "put back");
    }

    proptest! {
        #[test]
        fn any_changes_give_the_sum_of_the_rows_that_are_left(changes in changes()) {
            let (mut rows, mut state) = (BTreeMap::new(), SetState::default());
            for (id, change) in changes {
                let before = match change {
                    Some(mac) => rows.insert(id, mac),
                    None => rows.remove(&id),
                };
                if let Some(before) = before {
                    state.take(element(id, before));
                }
                if let Some(mac) = change {
                    state.add(element(id, mac));
                }
            }
            prop_assert_eq!(state, whole(&rows));
        }

        #[test]
        fn any_single_tampering_changes_it(
            rows in prop::collection::btree_map(any::<u8>(), any::<u8>(), 1..32),
            id: u8,
            mac: u8,
        ) {
            let before = whole(&rows);
            let mut tampered = rows.clone();
            // Put in, exchanged, or taken out when it is there as it is.
            if tampered.insert(id, mac) == Some(mac) {
                tampered.remove(&id);
            }
            prop_assert!(!before.has_same_rows(&whole(&tampered)));
        }

        #[test]
        fn what_was_added_can_be_taken_away(a: [u8; 32], b: [u8; 32]) {
            let (a, b) = (Sum::from(a), Sum::from(b));
            prop_assert_eq!(a + b - b, a);
            prop_assert_eq!(a + b, b + a);
            prop_assert_eq!(Sum::from(a.to_bytes()), a);
        }
    }
}
