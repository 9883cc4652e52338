//! Bytes that are nearly right.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One change of a text.
#[derive(Clone, Debug)]
enum Edit {
    Put(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, Index),
    Double(Index, Index),
}

/// What means something to one reader or another.
const TOKENS: [&str; 20] = [
    ",",
    ":",
    "*",
    "/",
    "-",
    "%00",
    "\0",
    " ",
    "\t",
    "\r\n",
    "\"",
    "\\u0000",
    "{",
    "[",
    "null",
    "1e999",
    "\u{202e}",
    "\u{feff}",
    "kw_",
    "99999999999999999999",
];

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    let token = select(&TOKENS[..]).prop_map(|token| token.as_bytes().to_vec());
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (index(), prop_oneof![token, vec(any::<u8>(), 1..40)])
            .prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (index(), index()).prop_map(|(from, to)| Edit::Cut(from, to)),
        (index(), index()).prop_map(|(from, to)| Edit::Double(from, to)),
    ]
}

fn apply(mut bytes: Vec<u8>, edit: &Edit) -> Vec<u8> {
    let at = |index: &Index| index.index(bytes.len() + 1);
    let range = |a: &Index, b: &Index| at(a).min(at(b))..at(a).max(at(b));
    match edit {
        Edit::Put(index, byte) if !bytes.is_empty() => {
            let at = index.index(bytes.len());
            bytes[at] = *byte;
        }
        Edit::Put(..) => (),
        Edit::Insert(index, more) => {
            let at = at(index);
            bytes.splice(at..at, more.iter().copied());
        }
        Edit::Cut(a, b) => drop(bytes.drain(range(a, b))),
        Edit::Double(a, b) => {
            let range = range(a, b);
            let (end, copy) = (range.end, bytes[range].to_vec());
            bytes.splice(end..end, copy);
        }
    }
    bytes
}

/// One of these as it is, or after some changes.
pub fn nearly(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let edited = (select(seeds), vec(edit(), 0..4))
        .prop_map(|(seed, edits)| edits.iter().fold(seed.as_bytes().to_vec(), apply));
    prop_oneof![9 => edited, 1 => vec(any::<u8>(), 0..80)]
}

/// The same as text.
pub fn nearly_text(seeds: &'static [&'static str]) -> impl Strategy<Value = String> {
    nearly(seeds).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
