//! Which keys a page of the list shows: those that match a filter, in an order, after a
//! position. A position is the place of a key in the order and not its number, so that a walk
//! over the pages neither leaves out nor repeats a key that stays, whatever else is made or
//! deleted meanwhile.

use std::sync::Arc;

use keyward_api::key_list::{KeyConcern, KeySort, KeyStatus};
use keyward_api::scopes::{SECRETS_READ, Scope};
use serde::{Deserialize, Serialize};

use super::concern::concerns;
use super::table::{Block, Entry, NEVER, fold};

/// The least that must be typed of a prefix: three characters of it are those of every key.
const LEAST_OF_PREFIX: usize = 4;

#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// A part of the name, the beginning of the prefix, or the whole id; case does not matter.
    pub q: Option<String>,
    pub status: Option<KeyStatus>,
    /// What about them may need a person.
    pub only: Option<KeyConcern>,
    /// A scope that they have, word for word.
    pub scope: Option<Scope>,
    /// A secret that a scope of theirs lets them read.
    pub reads: Option<String>,
}

#[derive(Clone, Debug)]
pub struct KeyQuery {
    pub filter: KeyFilter,
    /// In which order.
    pub sort: KeySort,
    /// Those after this position of the order.
    pub after: Option<Position>,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Their ids, in order.
    pub ids: Vec<Arc<str>>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
    pub total: u64,
}

/// A place in an order: right after the key that has, or had, this place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(Place, String)", into = "(Place, String)")]
pub struct Position {
    place: Place,
    id: Arc<str>,
}

/// By what keys are ordered, before their ids. Times are so turned that less is earlier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum Place {
    Time(i64),
    Name(Box<str>),
}

impl From<(Place, String)> for Position {
    fn from((place, id): (Place, String)) -> Self {
        Self { place, id: id.into() }
    }
}

impl From<Position> for (Place, String) {
    fn from(Position { place, id }: Position) -> Self {
        (place, (*id).to_owned())
    }
}

/// A [`Place`] that is not kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Candidate<'a> {
    Time(i64),
    Name(&'a str),
}

impl Position {
    /// Whether it is one in this order: a cursor comes from a client.
    pub fn is_of(&self, sort: KeySort) -> bool {
        matches!(self.place, Place::Name(_)) == (sort == KeySort::Name)
    }

    fn candidate(&self) -> (Candidate<'_>, &str) {
        let place = match &self.place {
            Place::Time(time) => Candidate::Time(*time),
            Place::Name(name) => Candidate::Name(name),
        };
        (place, &self.id)
    }
}

/// A walk over all blocks that keeps the keys of one page.
pub(super) struct Walk<'a> {
    query: &'a KeyQuery,
    now: i64,
    /// `q`, folded.
    needle: Option<String>,
    /// The page and the one after it are found among these. Never more than twice as many as
    /// are wanted: then the later half is dropped.
    kept: Vec<Position>,
    /// What is not before it is not on the page.
    bound: Option<Position>,
    total: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(query: &'a KeyQuery, now: i64) -> Self {
        let needle = query.filter.q.as_deref().map(fold);
        Self { query, now, needle, kept: Vec::new(), bound: None, total: 0 }
    }

    pub(super) fn look(&mut self, block: &Block) {
        // Most blocks do not have it in any of their keys.
        let has_needle = self.needle.as_deref().is_none_or(|needle| block.text().contains(needle));
        for (entry, text) in block.entries() {
            if self.matches(entry, if has_needle { text } else { "" }) {
                self.total += 1;
                self.keep(entry, text);
            }
        }
    }

    pub(super) fn found(mut self) -> Found {
        self.kept.sort_unstable();
        let has_more = self.kept.len() > self.query.limit;
        self.kept.truncate(self.query.limit);
        let next = self.kept.last().filter(|_| has_more).cloned();
        let ids = self.kept.into_iter().map(|position| position.id).collect();
        Found { ids, next, total: self.total }
    }

    fn matches(&self, entry: &Entry, text: &str) -> bool {
        let KeyFilter { status, only, scope, reads, .. } = &self.query.filter;
        let holds = |asked: &dyn Fn(&str) -> bool| entry.scopes.split(' ').any(asked);
        status.is_none_or(|status| status == entry.status(self.now))
            && only.is_none_or(|concern| concerns(entry, concern, self.now))
            && self.needle.as_deref().is_none_or(|needle| is_found(needle, entry, text))
            && scope.as_ref().is_none_or(|scope| holds(&|held| held == scope.as_str()))
            && reads.as_ref().is_none_or(|key| holds(&|held| SECRETS_READ.is_opened_for(held, key)))
    }

    fn keep(&mut self, entry: &Entry, text: &str) {
        let place = self.place(entry, text);
        let position = (place, &*entry.id);
        let is_before =
            self.query.after.as_ref().is_some_and(|after| position <= after.candidate());
        let is_beyond = self.bound.as_ref().is_some_and(|bound| position >= bound.candidate());
        if is_before || is_beyond {
            return;
        }
        let place = match place {
            Candidate::Time(time) => Place::Time(time),
            Candidate::Name(name) => Place::Name(name.into()),
        };
        self.kept.push(Position { place, id: entry.id.clone() });
        // One more than the page tells whether there is a next one.
        let wanted = self.query.limit + 1;
        if self.kept.len() == 2 * wanted {
            let (_, last, _) = self.kept.select_nth_unstable(wanted - 1);
            self.bound = Some(last.clone());
            self.kept.truncate(wanted);
        }
    }

    fn place<'b>(&self, entry: &Entry, text: &'b str) -> Candidate<'b> {
        Candidate::Time(match self.query.sort {
            KeySort::Name => return Candidate::Name(name_of(text)),
            KeySort::Oldest => entry.created_at,
            KeySort::Newest => entry.created_at.saturating_neg(),
            KeySort::Expiry => entry.expires_at,
            KeySort::LastUsed if entry.last_used_at == NEVER => NEVER,
            KeySort::LastUsed => entry.last_used_at.saturating_neg(),
        })
    }
}

fn name_of(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

fn is_found(needle: &str, entry: &Entry, text: &str) -> bool {
    let in_prefix = |needle: &str| {
        needle.len() >= LEAST_OF_PREFIX
            && text.split('\0').skip(1).any(|prefix| prefix.starts_with(needle))
    };
    name_of(text).contains(needle) || in_prefix(needle) || entry.id.eq_ignore_ascii_case(needle)
}
