use rand::SeedableRng;
use rand::rngs::StdRng;

use super::super::about_log::Because;
use super::super::entity::log::Model;
use super::super::event::{Actor, Event};
use super::*;
use keyward_core::dek::Dek;

fn key(seed: u64) -> AuditKey {
    AuditKey::new(&Dek::generate(&mut StdRng::seed_from_u64(seed)).unwrap())
}

fn sign(entry: &mut Model, keys: &[&AuditKey]) {
    let hash = entry.fields().hash(&entry.prev_hash, &mut Vec::new());
    entry.entry_hash = hash.to_vec();
    entry.mac = keys.iter().flat_map(|key| key.entry_mac(&hash)).collect();
}

/// A log that one key after the other signs.
struct Log {
    entries: Vec<Model>,
    keys: Vec<AuditKey>,
}

impl Log {
    fn new(entries: i64) -> Self {
        let mut log = Self { entries: Vec::new(), keys: vec![key(1)] };
        for _ in 0..entries {
            log.append(&Actor::command_line().did(Action::SecretRead, Some("A_KEY".to_owned())));
        }
        log
    }

    fn add(&mut self, event: &Event, keys: &[&AuditKey]) {
        let text = |text: &str| Some(text.to_owned());
        let (seq, prev_hash) = self.end();
        let mut entry = Model {
            seq: seq + 1,
            time: 1_767_225_600_000_000 + seq,
            actor_kind: "user".to_owned(),
            actor_id: text("1"),
            actor_name: Some(event.actor.name.clone()),
            action: event.action.as_str().to_owned(),
            target: event.target.clone(),
            outcome: "success".to_owned(),
            detail: event.detail.clone(),
            request_id: text("r"),
            address: text("192.0.2.1"),
            prev_hash,
            entry_hash: Vec::new(),
            mac: Vec::new(),
        };
        sign(&mut entry, keys);
        self.entries.push(entry);
    }

    fn append(&mut self, event: &Event) {
        let key = self.keys.last().unwrap().clone();
        self.add(event, &[&key]);
    }

    fn hand_over(&mut self) {
        let former = self.keys.last().unwrap().clone();
        self.keys.push(key(self.keys.len() as u64 + 1));
        let next = self.keys.last().unwrap().clone();
        self.add(&Actor::system().did(Action::EncryptionRewrap, None), &[&former, &next]);
    }

    fn acknowledge(&mut self, seq: i64, because: &str) {
        let because = Because::try_from(because.to_owned()).unwrap();
        let found = self.check();
        let it = found.breaks.iter().find(|it| it.seq == seq && it.acknowledged.is_none());
        let digest = it.unwrap().digest;
        self.append(&about_log::acknowledge(&Actor::command_line(), seq, &because, &digest));
    }

    fn end(&self) -> (i64, Vec<u8>) {
        self.entries.last().map_or((0, GENESIS.to_vec()), |it| (it.seq, it.entry_hash.clone()))
    }

    /// With the head of the last entry.
    fn check(&self) -> Verification {
        self.check_with(&self.end())
    }

    fn check_with(&self, (seq, hash): &(i64, Vec<u8>)) -> Verification {
        let (active, former) = self.keys.split_last().unwrap();
        let keys = AuditKeys::new(former.to_vec(), active.clone());
        let mut check = Check::new(&keys);
        for entry in &self.entries {
            check.entry(&entry.stored());
        }
        let mac = active.head_mac(*seq, hash);
        check.finish(Some(StoredHead { seq: *seq, entry_hash: hash, mac: &mac }), 0)
    }

    /// Numbers and reasons of the breaks, and whether they are acknowledged.
    fn reported(&self) -> Vec<(i64, Reason, bool)> {
        reported(&self.check())
    }
}

fn reported(found: &Verification) -> Vec<(i64, Reason, bool)> {
    let tell = |it: &super::super::breaks::Break| (it.seq, it.reason, it.acknowledged.is_some());
    found.breaks.iter().map(tell).collect()
}

fn new(seq: i64, reason: Reason) -> (i64, Reason, bool) {
    (seq, reason, false)
}

fn known(seq: i64, reason: Reason) -> (i64, Reason, bool) {
    (seq, reason, true)
}

#[test]
fn a_log_as_it_was_written_is_whole() {
    for entries in [0, 1, 5] {
        let found = Log::new(entries).check();
        assert_eq!((found.is_valid(), found.verified(), found.total), (true, entries, 0));
    }
}

#[test]
fn a_change_of_any_field_is_one_break() {
    type Change = fn(&mut Model);
    let changes: [(Change, Reason); 14] = [
        (|e| e.time += 1, Reason::Changed),
        (|e| e.actor_kind = "key".into(), Reason::Changed),
        (|e| e.actor_id = None, Reason::Changed),
        (|e| e.actor_name = Some("eve@example.com".into()), Reason::Changed),
        (|e| e.action = "secret.delete".into(), Reason::Changed),
        (|e| e.target = None, Reason::Changed),
        (|e| e.outcome = "refused".into(), Reason::Changed),
        // Empty is not the same as none.
        (|e| e.detail = Some(String::new()), Reason::Changed),
        (|e| e.request_id = Some("s".into()), Reason::Changed),
        (|e| e.address = Some("192.0.2.2".into()), Reason::Changed),
        (|e| e.prev_hash[0] ^= 1, Reason::Changed),
        (|e| e.entry_hash[0] ^= 1, Reason::Changed),
        (|e| e.mac[31] ^= 1, Reason::Foreign),
        // Letters moved from one field to the next.
        (
            |e| (e.request_id, e.address) = (Some("r1".into()), Some("92.0.2.1".into())),
            Reason::Changed,
        ),
    ];
    for (n, (change, reason)) in changes.into_iter().enumerate() {
        for at in [0, 2, 4] {
            let mut log = Log::new(5);
            let end = log.end();
            change(&mut log.entries[at]);
            let found = log.check_with(&end);
            assert_eq!(reported(&found), [new(log.entries[at].seq, reason)], "change {n} of {at}");
            assert_eq!((found.is_valid(), found.verified()), (false, i64::try_from(at).unwrap()));
        }
    }
}

#[test]
fn a_range_that_is_missing_is_one_break() {
    let without = |range: std::ops::RangeInclusive<i64>| {
        let mut log = Log::new(6);
        let end = log.end();
        log.entries.retain(|entry| !range.contains(&entry.seq));
        reported(&log.check_with(&end))
    };
    assert_eq!(without(3..=3), [new(3, Reason::Missing(3))]);
    assert_eq!(without(3..=4), [new(3, Reason::Missing(4))]);
    assert_eq!(without(1..=2), [new(1, Reason::Missing(2))]);
    assert_eq!(without(5..=6), [new(5, Reason::Missing(6))]);
    assert_eq!(without(1..=6), [new(1, Reason::Missing(6))]);
}

#[test]
fn every_break_is_told_and_the_check_goes_on_after_it() {
    let mut log = Log::new(20);
    let end = log.end();
    log.entries[2].target = None;
    log.entries[9].mac[0] ^= 1;
    log.entries.retain(|entry| !(5..=7).contains(&entry.seq) && entry.seq != 15);
    let found = log.check_with(&end);
    let expected = [
        new(3, Reason::Changed),
        new(5, Reason::Missing(7)),
        new(10, Reason::Foreign),
        new(15, Reason::Missing(15)),
    ];
    assert_eq!(reported(&found), expected);
    assert_eq!((found.broken().unwrap().seq, found.verified(), found.total), (3, 2, 4));
}

#[test]
fn an_entry_that_is_put_elsewhere_is_told() {
    let mut log = Log::new(5);
    let end = log.end();
    log.entries[3] = Model { seq: 4, ..log.entries[1].clone() };
    assert_eq!(reported(&log.check_with(&end)), [new(4, Reason::Changed)]);
    // One of another log of the same server: as it was written, but not after the one before.
    let mut other = Log::new(3);
    other.append(&Actor::command_line().did(Action::SecretDelete, None));
    let mut log = Log::new(5);
    other.entries[3].prev_hash = vec![7; 32];
    sign(&mut other.entries[3], &[&key(1)]);
    log.entries[3] = other.entries[3].clone();
    assert_eq!(reported(&log.check())[0], new(4, Reason::Unlinked));
    let mut log = Log::new(2);
    log.entries.insert(0, Model { seq: -5, ..log.entries[0].clone() });
    assert_eq!(log.reported(), [new(0, Reason::NoNumber)]);
}

#[test]
fn many_breaks_are_counted_and_the_first_are_kept() {
    let mut log = Log::new(12_000);
    for entry in &mut log.entries {
        entry.target = None;
    }
    let found = log.check();
    assert_eq!((found.total, found.breaks.len()), (12_000, 10_000));
}

#[test]
fn who_has_not_the_key_cannot_write_a_log_of_their_own() {
    let mut log = Log::new(5);
    let end = log.end();
    log.entries[2].target = Some("OTHER".into());
    for n in 2..5 {
        log.entries[n].prev_hash = log.entries[n - 1].entry_hash.clone();
        sign(&mut log.entries[n], &[&key(2)]);
    }
    let found: Vec<i64> = reported(&log.check_with(&end)).iter().map(|(seq, _, _)| *seq).collect();
    assert_eq!(found, [3, 4, 5]);
}

#[test]
fn the_head_cannot_be_made_from_an_entry_and_its_break_is_at_the_next_number() {
    let log = Log::new(3);
    let keys = AuditKeys::new(Vec::new(), key(1));
    let Model { entry_hash, mac, .. } = &log.entries[2];
    let with = |head: Option<StoredHead<'_>>, newest: i64| {
        let mut check = Check::new(&keys);
        log.entries.iter().for_each(|entry| check.entry(&entry.stored()));
        let found = check.finish(head, newest);
        (found.is_valid(), found.breaks.first().map(|it| (it.seq, it.is_of_head)))
    };
    let head = |seq, mac| Some(StoredHead { seq, entry_hash, mac });
    assert_eq!(with(head(3, mac), 0), (false, Some((4, true))));
    assert_eq!(with(None, 0), (false, Some((4, true))));
    let (earlier, good) = (key(1).head_mac(2, entry_hash), key(1).head_mac(3, entry_hash));
    assert_eq!(with(head(3, &earlier), 0), (false, Some((4, true))));
    assert_eq!(with(head(3, &good), 3), (true, None));
    assert_eq!(with(head(3, &good), 4), (false, Some((4, true))), "one of an earlier day");
}

#[test]
fn an_acknowledged_break_is_known_until_the_entry_is_changed_once_more() {
    let mut log = Log::new(5);
    log.entries[2].target = Some("B".into());
    log.entries.remove(0);
    log.acknowledge(3, "restored from the tape");
    assert_eq!(log.reported(), [new(1, Reason::Missing(1)), known(3, Reason::Changed)]);
    log.acknowledge(1, "lost with the disk");
    let found = log.check();
    assert_eq!((found.is_valid(), found.verified(), found.total), (true, 7, 2));
    let because = &found.breaks[1].acknowledged.as_ref().unwrap().because;
    assert_eq!(because, "restored from the tape");
    // A later one is reported, and so is another change of the same entry.
    log.entries[3].target = None;
    assert_eq!(log.check().broken().unwrap().seq, 5);
    log.entries[1].target = Some("C".into());
    assert_eq!(log.reported()[1], new(3, Reason::Changed));
    log.entries.remove(0);
    assert_eq!(log.reported()[0], new(1, Reason::Missing(2)), "a range that grows");
}

#[test]
fn an_acknowledgement_that_is_not_as_it_was_written_counts_for_nothing() {
    let mut log = Log::new(5);
    log.entries[2].target = Some("B".into());
    log.acknowledge(3, "known");
    log.append(&Actor::command_line().did(Action::SecretRead, None));
    assert!(log.check().is_valid());
    log.entries[5].address = None;
    assert_eq!(log.reported(), [new(3, Reason::Changed), new(6, Reason::Changed)]);
}

#[test]
fn what_the_server_found_is_a_break_that_can_be_acknowledged() {
    let mut log = Log::new(2);
    log.append(&Actor::system().did(Action::AuditBroken, None));
    assert_eq!(log.reported(), [new(3, Reason::Found)]);
    log.acknowledge(3, "the disk was full");
    assert_eq!(log.reported(), [known(3, Reason::Found)]);
    assert!(log.check().is_valid());
}

#[test]
fn the_first_entry_follows_the_newest_checkpoint() {
    let mut log = Log::new(10);
    let all = log.entries.clone();
    for through in [4, 7] {
        let hash = all[through - 1].entry_hash.clone().try_into().unwrap();
        let checkpoint = Checkpoint { through: i64::try_from(through).unwrap(), hash };
        log.append(&about_log::close(1, 1, &checkpoint));
    }
    let without = |log: &Log, number: usize| {
        let entries = log.entries[number..].to_vec();
        Log { entries, keys: log.keys.clone() }
    };
    assert_eq!(without(&log, 7).check().verified(), 12);
    assert!(without(&log, 7).check().is_valid());
    assert_eq!(without(&log, 8).reported(), [new(8, Reason::Missing(8))]);
    assert_eq!(without(&log, 6).reported(), [new(7, Reason::PutBack)]);
    assert_eq!(log.reported(), [new(1, Reason::PutBack)]);
    // Without the checkpoint they are missed.
    let mut none = without(&log, 7);
    none.entries.pop();
    assert_eq!(none.reported(), [new(5, Reason::Missing(7))]);
    // Nobody else writes one.
    let mut forged = without(&log, 7);
    forged.entries.truncate(3);
    let checkpoint = about_log::closed(&log.entries[11].fields()).unwrap();
    forged.add(&about_log::close(1, 1, &checkpoint), &[&key(9)]);
    assert_eq!(forged.reported(), [new(1, Reason::Missing(7)), new(11, Reason::Foreign)]);
}

#[test]
fn an_export_to_the_end_is_known_by_its_entry() {
    let mut log = Log::new(5);
    log.append(&about_log::export(&Actor::system(), 4));
    assert_eq!(log.check().exported, 4);
    log.entries[5].target = Some("5".into());
    assert_eq!(log.check().exported, 0, "as it was written, or not at all");
}

fn handed_over() -> Log {
    let mut log = Log::new(5);
    log.hand_over();
    for _ in 0..5 {
        log.append(&Actor::command_line().did(Action::SecretRead, None));
    }
    log
}

#[test]
fn a_handover_verifies_under_both_keys() {
    assert!(handed_over().check().is_valid());
    let mut log = handed_over();
    log.hand_over();
    assert!(log.check().is_valid(), "and another one");
    for byte in [0, 32, 63] {
        let mut log = handed_over();
        log.entries[5].mac[byte] ^= 1;
        assert_eq!(log.reported(), [new(6, Reason::Foreign)]);
    }
}

#[test]
fn who_has_the_former_key_alone_cannot_write_after_the_handover() {
    let mut log = handed_over();
    log.entries[8].target = Some("FORGED".into());
    sign(&mut log.entries[8], &[&key(1)]);
    assert_eq!(log.reported(), [new(9, Reason::Foreign)]);
    // Nor that it never was.
    let mut log = handed_over();
    let end = log.end();
    log.entries.truncate(5);
    for _ in 0..6 {
        log.add(&Actor::command_line().did(Action::SecretRead, None), &[&key(1)]);
    }
    assert!(!log.check_with(&end).is_valid());
    let head = key(1).head_mac(11, &log.end().1);
    let keys = AuditKeys::new(vec![key(1)], key(2));
    let mut check = Check::new(&keys);
    log.entries.iter().for_each(|entry| check.entry(&entry.stored()));
    let end = StoredHead { seq: 11, entry_hash: &log.end().1, mac: &head };
    assert!(!check.finish(Some(end), 0).is_valid(), "a head under the former key");
    // Nor an entry that carries the mac of the former key twice.
    let mut log = handed_over();
    sign(&mut log.entries[5], &[&key(1), &key(1)]);
    assert_eq!(log.reported(), [new(6, Reason::Foreign)]);
}

#[test]
fn entries_under_a_later_key_without_the_handover_are_told() {
    let mut log = handed_over();
    // An ordinary entry in its place, with the same hash as far as anybody can tell.
    sign(&mut log.entries[5], &[&key(1)]);
    assert_eq!(log.reported(), [new(7, Reason::NoHandover)]);
    log.entries.remove(5);
    assert_eq!(log.reported(), [new(6, Reason::Missing(6))]);
}

#[test]
fn a_break_is_not_acknowledged_before_it_is_there() {
    // The former key writes that it knows of a break that it will make after the handover.
    let mut log = handed_over();
    log.entries[7].target = Some("CHANGED".into());
    let digest = log.check().breaks[0].digest;
    let because = Because::try_from("known".to_owned()).unwrap();
    let event = about_log::acknowledge(&Actor::command_line(), 8, &because, &digest);
    let end = log.entries.split_off(5);
    log.entries.pop();
    log.add(&event, &[&key(1)]);
    log.entries.extend(end);
    let reported = log.reported();
    assert_eq!(reported, [new(6, Reason::Unlinked), new(8, Reason::Changed)]);
}
