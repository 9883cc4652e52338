//! What a machine has seen of a store, in lines that it keeps outside of it: how far the store had
//! come, and the digests of the keys that were revoked. A backup that is restored knows neither.
//!
//! Threat: somebody who can write to the database puts an earlier copy of it in its place, by mistake
//! or not. All of it fits together, and each key that was revoked since would be accepted again.
//!
//! 1. The first line names the root key. Each line ends in a mac over its text and the mac of the
//!    line before, so that none is changed, taken out or moved; only the end may be missing.
//! 2. What follows the last line end is a line that was not written to its end, and nothing.
//!    Any other line that does not fit makes the whole unusable: it is never skipped.
//! 3. A store *continues* what was seen when its audit log still has the entry that was seen last.
//!    It is *behind* when its generation or its log is shorter, or has another entry there. Where
//!    the log no longer goes back so far, nobody can say.
//! 4. A digest that was revoked stays revoked. Keyward itself takes back the rotation of a key
//!    that could not be printed, and enables what it disabled.

mod marks;
mod standing;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::digest::KeyDigest;
use crate::kek::RootKey;

pub use marks::Marks;
pub use standing::{Behind, Standing, Stored, judge};

/// How the first line begins, with its format.
const NAME: &str = "keyward-watermark";
const FORMAT: &str = "1";

/// Bytes of a mac; in the file two digits each.
const MAC: usize = 16;

/// No line is longer, in bytes.
const MAX_LINE: usize = 512;

/// How far a store has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The generation of the keys.
    pub generation: i64,
    /// The number of the last entry of the audit log.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The id of the store; none: the next one that comes.
    Store(Option<String>),
    /// When this machine met a store that was not new, in microseconds since 1970.
    Met(i64),
    /// How far the store has come.
    At(Position),
    /// The key with this digest is not accepted any more.
    Revoked(KeyDigest),
    /// It is, since Keyward took back what revoked it.
    Restored(KeyDigest),
    /// It is not, until it is enabled.
    Disabled(KeyDigest),
    /// It is again.
    Enabled(KeyDigest),
}

/// Why lines cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its first line is missing or something else.
    #[error("it is no watermark of Keyward")]
    NoWatermark,
    /// A later version wrote it.
    #[error("a newer version of Keyward wrote it")]
    Newer,
    /// The id of the root key that it was written under.
    #[error("it was written under another root key, with the id {0}")]
    OtherRootKey(String),
    /// The number of a line, counted from 1.
    #[error("line {0} is damaged, or was changed")]
    Line(u64),
}

/// The end of the lines, which the next one continues.
#[derive(Clone)]
pub struct End {
    key: Zeroizing<[u8; 32]>,
    mac: [u8; MAC],
    lines: u64,
    bytes: u64,
}

impl End {
    /// The first line, and its end.
    pub fn first(root: &RootKey) -> (String, Self) {
        let mut end = Self { key: root.watermark_key(), mac: [0; MAC], lines: 0, bytes: 0 };
        let line = end.push(format!("{NAME} {FORMAT} {}", root.id()));
        (line, end)
    }

    /// The lines of these marks, each with its end; afterwards this is behind them.
    pub fn write(&mut self, marks: impl IntoIterator<Item = Mark>) -> String {
        marks.into_iter().map(|mark| self.push(text(&mark))).collect()
    }

    /// What the lines say that continue these, up to the last line end.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<Vec<Mark>, Unusable> {
        let mut marks = Vec::new();
        for line in whole_lines(bytes) {
            let damaged = Unusable::Line(self.lines + 1);
            let text = self.check(line).ok_or(damaged.clone())?;
            marks.push(parse(text).ok_or(damaged)?);
        }
        Ok(marks)
    }

    /// Whether the lines are under this root key.
    pub fn is_under(&self, root: &RootKey) -> bool {
        *self.key == *root.watermark_key()
    }

    /// How many lines there are.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes they are; what stands behind is nothing.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn hmac(&self, text: &str) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("any length");
        mac.chain_update(self.mac).chain_update(text)
    }

    fn push(&mut self, text: String) -> String {
        let mac = self.hmac(&text).finalize().into_bytes();
        self.mac.copy_from_slice(&mac[..MAC]);
        let line = format!("{text} {}\n", hex::encode(self.mac));
        self.count(line.len());
        line
    }

    /// The text of a line that continues these.
    fn check<'a>(&mut self, line: &'a [u8]) -> Option<&'a str> {
        let line = str::from_utf8(line).ok().filter(|line| line.len() < MAX_LINE)?;
        let (text, mac) = line.rsplit_once(' ')?;
        let mut given = [0; MAC];
        hex::decode_to_slice(mac, &mut given).ok()?;
        // One form alone.
        let is_ours = self.hmac(text).verify_truncated_left(&given).is_ok();
        if !is_ours || hex::encode(given) != mac {
            return None;
        }
        self.mac = given;
        self.count(line.len() + 1);
        Some(text)
    }

    fn count(&mut self, bytes: usize) {
        self.lines += 1;
        self.bytes += bytes as u64;
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// What the lines of a file say, under one of these root keys, and where they end.
pub fn read<'a>(
    bytes: &[u8],
    roots: impl IntoIterator<Item = &'a RootKey>,
) -> Result<(Marks, End), Unusable> {
    let (first, mut end) = read_first(bytes, roots)?;
    let mut marks = Marks::default();
    for mark in end.follow(&bytes[first..])? {
        marks.apply(&mark);
    }
    Ok((marks, end))
}

/// What the lines say before the first one that does not fit.
pub fn salvage<'a>(bytes: &[u8], roots: impl IntoIterator<Item = &'a RootKey>) -> Marks {
    let mut marks = Marks::default();
    let Ok((first, mut end)) = read_first(bytes, roots) else { return marks };
    for line in bytes[first..].split_inclusive(|byte| *byte == b'\n') {
        let Ok(found) = end.follow(line) else { break };
        for mark in &found {
            marks.apply(mark);
        }
    }
    marks
}

/// The bytes of the first line, and where it ends.
fn read_first<'a>(
    bytes: &[u8],
    roots: impl IntoIterator<Item = &'a RootKey>,
) -> Result<(usize, End), Unusable> {
    let first = whole_lines(bytes).next().ok_or(Unusable::NoWatermark)?;
    let words = str::from_utf8(first).map_err(|_| Unusable::NoWatermark)?;
    let words: Vec<&str> = words.split(' ').take(5).collect();
    let root = match words[..] {
        [NAME, FORMAT, root, _] => root,
        [NAME, FORMAT, ..] => return Err(Unusable::Line(1)),
        [NAME, ..] => return Err(Unusable::Newer),
        _ => return Err(Unusable::NoWatermark),
    };
    let other = || Unusable::OtherRootKey(root.escape_debug().take(64).collect());
    let root = roots.into_iter().find(|known| known.id() == root).ok_or_else(other)?;
    let mut end = End { key: root.watermark_key(), mac: [0; MAC], lines: 0, bytes: 0 };
    end.check(first).ok_or(Unusable::Line(1))?;
    Ok((first.len() + 1, end))
}

/// The lines up to the last line end.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"))
}

/// Stands for a store that is not known yet.
const ANY: &str = "-";

fn text(mark: &Mark) -> String {
    match mark {
        Mark::Store(id) => format!("store {}", id.as_deref().unwrap_or(ANY)),
        Mark::Met(at) => format!("met {at}"),
        Mark::At(Position { generation, seq, hash }) => {
            format!("at {generation} {seq} {}", hex::encode(hash))
        }
        Mark::Revoked(digest) => format!("revoked {}", digest.to_hex()),
        Mark::Restored(digest) => format!("restored {}", digest.to_hex()),
        Mark::Disabled(digest) => format!("disabled {}", digest.to_hex()),
        Mark::Enabled(digest) => format!("enabled {}", digest.to_hex()),
    }
}

fn parse(text: &str) -> Option<Mark> {
    let mut words = text.split(' ');
    let (word, value) = (words.next()?, words.next()?);
    let mark = match word {
        "store" if value == ANY => Mark::Store(None),
        "store" if is_id(value) => Mark::Store(Some(value.to_owned())),
        "met" => Mark::Met(value.parse().ok()?),
        "at" => {
            let (generation, seq) = (value.parse().ok()?, words.next()?.parse().ok()?);
            let mut hash = [0; 32];
            hex::decode_to_slice(words.next()?, &mut hash).ok()?;
            Mark::At(Position { generation, seq, hash })
        }
        "revoked" => Mark::Revoked(KeyDigest::from_hex(value)?),
        "restored" => Mark::Restored(KeyDigest::from_hex(value)?),
        "disabled" => Mark::Disabled(KeyDigest::from_hex(value)?),
        "enabled" => Mark::Enabled(KeyDigest::from_hex(value)?),
        _ => return None,
    };
    words.next().is_none().then_some(mark)
}

/// Whether this can be the id of a store in a line.
pub fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (2..=64).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests;
