use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::Digest;

use super::*;

fn root(byte: u8) -> RootKey {
    RootKey::parse(&hex::encode(Sha256::digest([byte]))).unwrap()
}

fn digest(n: u8) -> KeyDigest {
    KeyDigest::from([n; 32])
}

fn at(generation: i64, seq: i64, byte: u8) -> Position {
    Position { generation, seq, hash: [byte; 32] }
}

fn every_mark() -> Vec<Mark> {
    vec![
        Mark::Store(Some("01900000-0000-7000-8000-000000000000".to_owned())),
        Mark::Met(-1),
        Mark::At(at(3, 7, 1)),
        Mark::Revoked(digest(1)),
        Mark::Revoked(digest(2)),
        Mark::Disabled(digest(3)),
        Mark::Disabled(digest(4)),
        Mark::Enabled(digest(4)),
        Mark::Restored(digest(2)),
        Mark::At(at(4, i64::MAX, 2)),
    ]
}

fn file() -> String {
    let (first, mut end) = End::first(&root(1));
    first + &end.write(every_mark())
}

#[test]
fn what_is_written_is_read_again_also_under_a_former_root_key() {
    let text = file();
    for roots in [vec![root(1)], vec![root(2), root(1)]] {
        let (marks, end) = read(text.as_bytes(), &roots).unwrap();
        assert_eq!((end.lines(), end.bytes()), (11, text.len() as u64));
        assert!(end.is_under(&root(1)) && !end.is_under(&root(2)));
        assert_eq!(marks.position, Some(at(4, i64::MAX, 2)));
        assert!(marks.is_revoked(&digest(1)) && !marks.is_revoked(&digest(2)));
        assert!(marks.is_disabled(&digest(3)) && !marks.is_disabled(&digest(4)));
        assert_eq!((marks.revoked(), marks.disabled(), marks.met), (1, 1, Some(-1)));
        // The fewest lines say the same.
        let (first, mut short) = End::first(&root(1));
        let short = first + &short.write(marks.lines());
        assert_eq!(short.lines().count(), 6);
        assert_eq!(read(short.as_bytes(), &roots).unwrap().0, marks);
    }
}

#[test]
fn several_who_write_in_turn_continue_each_other() {
    let (mut text, mut mine) = End::first(&root(1));
    let mut theirs = mine.clone();
    text += &mine.write([Mark::Revoked(digest(1))]);
    let after = theirs.follow(&text.as_bytes()[usize::try_from(theirs.bytes()).unwrap()..]);
    assert_eq!(after, Ok(vec![Mark::Revoked(digest(1))]));
    text += &theirs.write([Mark::Revoked(digest(2))]);
    let (marks, _) = read(text.as_bytes(), &[root(1)]).unwrap();
    assert_eq!(marks.revoked(), 2);
    // Who does not follow first breaks the chain.
    text += &mine.write([Mark::Revoked(digest(3))]);
    assert_eq!(read(text.as_bytes(), &[root(1)]).unwrap_err(), Unusable::Line(4));
}

#[test]
fn a_line_that_was_not_written_to_its_end_is_nothing() {
    let whole = file();
    let before: String = whole.split_inclusive('\n').take(10).collect();
    let expected = read(before.as_bytes(), &[root(1)]).unwrap().0;
    for end in before.len()..whole.len() {
        let (marks, end) = read(&whole.as_bytes()[..end], &[root(1)]).unwrap();
        assert_eq!((marks, end.bytes()), (expected.clone(), before.len() as u64));
    }
    let zeros = [before.as_bytes(), &[0; 4096]].concat();
    assert_eq!(read(&zeros, &[root(1)]).unwrap().0, expected);
    assert_eq!(read(b"", &[root(1)]).unwrap_err(), Unusable::NoWatermark);
    assert_eq!(read(&whole.as_bytes()[..10], &[root(1)]).unwrap_err(), Unusable::NoWatermark);
}

#[test]
fn a_line_that_was_changed_moved_or_taken_out_is_named() {
    let text = file();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let damaged = |lines: &[&str]| read(lines.concat().as_bytes(), &[root(1)]).unwrap_err();
    for n in 1..lines.len() - 1 {
        let without = [&lines[..n], &lines[n + 1..]].concat();
        assert_eq!(damaged(&without), Unusable::Line(n as u64 + 1), "without {n}");
        let mut moved = lines.clone();
        moved.swap(n, n + 1);
        assert_eq!(damaged(&moved), Unusable::Line(n as u64 + 1), "{n} moved");
    }
    let upper = lines.last().unwrap().to_uppercase().replace("AT ", "at ");
    let mut changed = lines.clone();
    *changed.last_mut().unwrap() = &upper;
    assert_eq!(damaged(&changed), Unusable::Line(11));
    // From the watermark of another store under the same root key.
    let (first, mut end) = End::first(&root(1));
    let other = first + &end.write([Mark::Store(None), Mark::Revoked(digest(9))]);
    let spliced = text + other.lines().last().unwrap() + "\n";
    assert_eq!(read(spliced.as_bytes(), &[root(1)]).unwrap_err(), Unusable::Line(12));
}

#[test]
fn the_lines_before_a_damaged_one_can_be_salvaged() {
    let text = file();
    let damaged = text.replacen(" -1 ", " -2 ", 1);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let whole = |text: &str| read(text.as_bytes(), &[root(1)]).unwrap().0;
    assert_eq!(salvage(damaged.as_bytes(), &[root(1)]), whole(&lines[..2].concat()));
    assert_eq!(salvage(text.as_bytes(), &[root(1)]), whole(&text));
    assert_eq!(salvage(text.as_bytes(), &[root(2)]), Marks::default());
}

#[test]
fn the_first_line_says_whose_it_is() {
    let text = file();
    let error = read(text.as_bytes(), &[root(2)]).unwrap_err();
    assert_eq!(error, Unusable::OtherRootKey(root(1).id()));
    let newer = text.replacen("watermark 1 ", "watermark 2 ", 1);
    assert_eq!(read(newer.as_bytes(), &[root(1)]).unwrap_err(), Unusable::Newer);
    for other in ["SQLite format 3\n", "\n", "keyward-backup 1 a b\n"] {
        assert_eq!(read(other.as_bytes(), &[root(1)]).unwrap_err(), Unusable::NoWatermark);
    }
    // Its mac is checked as well.
    let forged = text.replacen(&root(1).id(), &root(2).id(), 1);
    assert_eq!(read(forged.as_bytes(), &[root(2)]).unwrap_err(), Unusable::Line(1));
}

#[test]
fn a_store_is_behind_when_it_is_shorter_or_has_another_entry() {
    let seen = at(5, 9, 1);
    let stored = |generation, last, hash: Option<u8>| {
        let hash = hash.map(|byte| vec![byte; 32]);
        judge(&seen, &Stored { generation, last, hash })
    };
    assert_eq!(stored(5, 9, Some(1)), Standing::Continues);
    assert_eq!(stored(6, 20, Some(1)), Standing::Continues);
    assert_eq!(stored(6, 20, None), Standing::MayContinue);
    let generation = Behind::Generation { stored: 4, seen: 5 };
    assert_eq!(stored(4, 20, Some(1)), Standing::Behind(generation));
    assert_eq!(stored(5, 8, None), Standing::Behind(Behind::Log { stored: 8, seen: 9 }));
    assert_eq!(stored(6, 9, Some(2)), Standing::Behind(Behind::OtherEntry(9)));
}

proptest! {
    #[test]
    fn what_was_changed_is_read_as_the_lines_before_or_not_at_all(
        at: Index,
        byte: u8,
        cut: Index,
        bytes in vec(any::<u8>(), 0..200),
    ) {
        let text = file();
        let mut changed = text.clone().into_bytes();
        changed[at.index(text.len())] = byte;
        changed.truncate(cut.index(text.len()) + 1);
        if let Ok((_, end)) = read(&changed, &[root(1)]) {
            let end = usize::try_from(end.bytes()).unwrap();
            prop_assert_eq!(&changed[..end], &text.as_bytes()[..end]);
            prop_assert!(!changed[end..].contains(&b'\n'));
        }
        prop_assert!(read(&bytes, &[root(1)]).is_err());
    }
}
