//! The page of a list that is shown, and asking for it.
//!
//! 1. The address decides. What it asks is asked at once, but for what a person types:
//!    there the server is asked when they pause.
//! 2. The last question wins: an answer to an earlier one is dropped, whenever it arrives.
//!    So is one that may be older than a change that this page has made.
//! 3. A page that has become empty, or whose cursor the server no longer knows, gives way
//!    to the first.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use crate::clock;
use crate::context::{Context, context};
use crate::erased::{effect, memo};
use crate::http::{Answer, Body, unreadable};
use crate::load::{Load, Shown};
use crate::location::Navigate;
use crate::pages::listing::Listing;
use crate::query::{value_in, with_query};

/// The pause after which the server is asked for what was typed.
pub const AFTER_TYPING: Duration = Duration::from_millis(100);

/// How the server is asked.
#[derive(Clone, Copy, Default)]
struct Asking {
    /// Counts the questions.
    turn: u32,
    /// Whether an answer is waited for.
    is_waiting: bool,
    /// How long to wait before the next question.
    pause: Duration,
}

/// A page of a list.
#[derive(Clone, Copy)]
pub struct Pages {
    /// The list.
    pub listing: &'static Listing,
    /// Whether the page is here.
    pub load: Load,
    /// How many rows there are on all pages of what is looked for, if the server counts them.
    pub total: RwSignal<Option<u64>>,
    /// How many rows there are if nothing is looked for, as far as it is known.
    pub all: RwSignal<Option<u64>>,
    /// The ids of the rows of this page, in their order.
    pub ids: Memo<Vec<String>>,
    /// The number of the first of them.
    pub start: RwSignal<Option<u64>>,
    /// Where the next page begins; empty at the end.
    pub next: RwSignal<String>,
    /// What the server is asked.
    question: Memo<String>,
    /// How it is asked.
    asking: StoredValue<Asking>,
    /// The end of a pause.
    waiting: StoredValue<Option<TimeoutHandle>>,
    /// Stores the rows of an answer.
    take: Callback<Body, Answer<()>>,
    /// What every page may reach.
    pub context: Context,
}

impl Pages {
    /// A page that follows the address; its rows are in `list`, each with an id.
    pub fn follow<T>(
        listing: &'static Listing,
        list: RwSignal<Vec<T>>,
        id: fn(&T) -> String,
    ) -> Self
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let ids = memo(move || list.read().iter().map(id).collect());
        let take = Callback::new(move |body: Body| {
            list.set(body.data()?);
            Ok(())
        });
        Self::start(listing, ids, take)
    }

    fn start(
        listing: &'static Listing,
        ids: Memo<Vec<String>>,
        take: Callback<Body, Answer<()>>,
    ) -> Self {
        let context = context();
        let question = memo(move || {
            let query = context.location.query.read();
            listing.question(&texts(listing, &query), &value_in(&query, "cursor"))
        });
        let pages = Self {
            listing,
            load: Load::new(),
            total: RwSignal::new(None),
            all: RwSignal::new(None),
            ids,
            start: RwSignal::new(None),
            next: RwSignal::new(String::new()),
            question,
            asking: StoredValue::new(Asking::default()),
            waiting: StoredValue::new(None),
            take,
            context,
        };
        effect(move || {
            question.track();
            pages.ask_soon();
        });
        on_cleanup(move || _ = pages.begin_turn());
        pages
    }

    /// Where the server answers about all that is looked for, below another path.
    pub fn question_at(self, path: &str) -> String {
        let parts = self.listing.parts(&self.texts());
        let parts: Vec<_> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        with_query(path, &parts)
    }

    /// One field of what is looked for.
    pub fn text(self, field: &str) -> String {
        value_in(&self.context.location.query.read(), field)
    }

    /// All fields of it.
    fn texts(self) -> Vec<String> {
        texts(self.listing, &self.context.location.query.read())
    }

    /// Whether anything is looked for.
    pub fn is_narrowed(self) -> bool {
        self.listing.is_narrowed(&self.texts())
    }

    /// Looks for another text in one field, from the first page on. The server is asked
    /// after a pause.
    pub fn look_for(self, field: &str, text: String, pause: Duration) {
        let mut texts = untrack(|| self.texts());
        let place = self.listing.fields.iter().position(|name| *name == field);
        if let Some(place) = place.and_then(|place| texts.get_mut(place)) {
            *place = text;
        }
        self.asking.update_value(|asking| asking.pause = pause);
        self.context.location.navigate(&self.listing.address(&texts, "", 1), Navigate::Refine);
    }

    /// Looks for nothing in particular.
    pub fn clear(self) {
        let texts = vec![String::new(); self.listing.fields.len()];
        self.context.location.navigate(&self.listing.address(&texts, "", 1), Navigate::Refine);
    }

    /// What to show. A memo, so that a change of one row draws no list again.
    pub fn shown(self) -> Memo<Shown> {
        let has_rows = move || !self.ids.read().is_empty();
        let is_empty = move || !has_rows() && self.all.get() == Some(0);
        let shown = self.load.shown(is_empty, has_rows);
        memo(move || match shown.get() {
            // It is not known yet whether there is anything else.
            Shown::NoMatch if self.all.get().is_none() => Shown::Loading,
            shown => shown,
        })
    }

    /// Asks for the page again. What is shown stays until the answer is here.
    pub async fn fetch(self) {
        let Some(turn) = self.begin_turn() else { return };
        self.asking.update_value(|asking| asking.is_waiting = true);
        self.load.begin();
        let answer = self.context.client.list(&self.question.get_untracked()).await;
        if !self.is_turn(turn) {
            return;
        }
        let is_first = untrack(|| self.cursor().is_empty());
        let is_gone = match &answer {
            Ok(body) => body.json.member("data").is_empty_list(),
            Err(error) => error.status() == Some(400),
        };
        if is_gone && !is_first {
            return self.navigate_to_first();
        }
        match answer.and_then(|body| self.take_in(body)) {
            Ok(()) => self.arrive(turn).await,
            Err(error) => self.end(Err(error)),
        }
    }

    fn take_in(self, body: Body) -> Answer<()> {
        let next = body.json.member("nextCursor").text().unwrap_or_default();
        let total = body.json.member("total").number().ok();
        self.take.run(body)?;
        self.context.now.set(clock::read());
        self.start.set(Some(untrack(|| self.first_row())));
        self.next.set(next);
        self.total.set(total);
        Ok(())
    }

    async fn arrive(self, turn: u32) {
        if !untrack(|| self.is_narrowed()) {
            self.all.set(self.total.get_untracked());
        } else if self.ids.read_untracked().is_empty() {
            // Nothing found is unlike nothing there.
            let all = self.count_all().await;
            if !self.is_turn(turn) {
                return;
            }
            match all {
                Ok(all) => self.all.set(Some(all)),
                Err(error) => return self.end(Err(error)),
            }
        }
        self.end(Ok(()));
        self.context.location.entry.restore();
    }

    fn end(self, answer: Answer<()>) {
        self.asking.update_value(|asking| asking.is_waiting = false);
        self.load.end(answer);
    }

    async fn count_all(self) -> Answer<u64> {
        let question = with_query(self.listing.api, &[("limit", "1")]);
        let json = self.context.client.list(&question).await?.json;
        json.member("total").number().map_err(|_| unreadable())
    }

    /// The rows on the server whose name has this text, whichever page they are on.
    pub async fn find<T: DeserializeOwned>(self, text: &str) -> Answer<Vec<T>> {
        let question = with_query(self.listing.api, &[("limit", "1000"), ("q", text)]);
        self.context.client.list(&question).await?.data()
    }

    /// Whether an answer is waited for; `None` when the page has been left.
    pub fn is_asking(self) -> Option<bool> {
        self.asking.try_get_value().map(|asking| asking.is_waiting)
    }

    /// The address of a page.
    pub fn address(self, cursor: &str, start: u64) -> String {
        self.listing.address(&self.texts(), cursor, start)
    }

    /// Where this page begins; empty for the first.
    pub fn cursor(self) -> String {
        self.text("cursor")
    }

    /// The number of the first row of the page that the address asks for.
    pub fn first_row(self) -> u64 {
        if self.cursor().is_empty() { 1 } else { self.text("start").parse().unwrap_or(1) }
    }

    fn navigate_to_first(self) {
        self.context.location.navigate(&untrack(|| self.address("", 1)), Navigate::Replace);
    }

    fn ask_soon(self) {
        self.begin_turn();
        // What leads on from the page that is left does not lead on from the next.
        self.next.set(String::new());
        let Asking { pause, turn, .. } = self.asking.get_value();
        self.asking.set_value(Asking { turn, is_waiting: true, pause: Duration::ZERO });
        let ask = move || spawn_local(self.fetch());
        if pause.is_zero() {
            ask();
        } else {
            self.waiting.set_value(set_timeout_with_handle(ask, pause).ok());
        }
    }

    /// From here on, no answer to an earlier question is of use.
    fn begin_turn(self) -> Option<u32> {
        if let Some(waiting) = self.waiting.try_get_value().flatten() {
            waiting.clear();
        }
        self.asking.try_update_value(|asking| {
            asking.turn = asking.turn.wrapping_add(1);
            asking.turn
        })
    }

    /// Whether the answer to a question is still waited for. The page may have been left.
    fn is_turn(self, turn: u32) -> bool {
        self.asking.try_get_value().is_some_and(|asking| asking.turn == turn)
    }
}

fn texts(listing: &Listing, query: &str) -> Vec<String> {
    listing.fields.iter().map(|field| value_in(query, field)).collect()
}
