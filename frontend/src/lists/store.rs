//! Fetching the page of a list.
//!
//! 1. The address decides what is fetched: at once, or after a pause while a person types.
//! 2. The last request wins: an answer to an earlier one is dropped, and so is one that may be
//!    older than a change made here.
//! 3. A page that has become empty, or whose cursor has expired, is replaced by the first.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use crate::clock;
use crate::context::{Context, context};
use crate::erased::{effect, memo};
use crate::http::{Answer, Body, unreadable};
use crate::lists::listing::Listing;
use crate::load::{Load, Shown};
use crate::query::{value_in, with_query};

/// The pause before a search is sent.
pub const AFTER_TYPING: Duration = Duration::from_millis(100);

/// The state of fetching.
#[derive(Clone, Copy, Default)]
struct Fetching {
    /// Increases with each request; an answer to an earlier one is dropped.
    turn: u32,
    /// Whether an answer is awaited.
    is_waiting: bool,
    /// How long to wait before the next request.
    pause: Duration,
}

/// One page of a list.
#[derive(Clone, Copy)]
pub struct Pages {
    pub listing: &'static Listing,
    pub load: Load,
    /// Whether there are rows to search.
    pub has_toolbar: RwSignal<bool>,
    /// Rows on all pages that match the filters, if the server counts them.
    pub total: RwSignal<Option<u64>>,
    /// Rows without any filter, as far as it is known.
    pub all: RwSignal<Option<u64>>,
    /// The field that a key was cut off from; empty for none.
    pub cut: RwSignal<String>,
    /// Of the rows of this page, in their order.
    pub ids: Memo<Vec<String>>,
    /// The number of the first row.
    pub start: RwSignal<Option<u64>>,
    /// The cursor of the next page; empty at the end.
    pub next: RwSignal<String>,
    /// The path and query to fetch.
    request_path: Memo<String>,
    fetching: StoredValue<Fetching>,
    /// The timer of a pause.
    waiting: StoredValue<Option<TimeoutHandle>>,
    take: Callback<Body, Answer<()>>,
    pub context: Context,
}

impl Pages {
    /// Follows the address; the rows are in `list`.
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
        let request_path = memo(move || {
            let query = context.location.query.read();
            listing.request_path(&listing.texts(&query), &value_in(&query, "cursor"))
        });
        let pages = Self {
            listing,
            load: Load::new(),
            has_toolbar: RwSignal::new(false),
            total: RwSignal::new(None),
            all: RwSignal::new(None),
            cut: RwSignal::new(String::new()),
            ids,
            start: RwSignal::new(None),
            next: RwSignal::new(String::new()),
            request_path,
            fetching: StoredValue::new(Fetching::default()),
            waiting: StoredValue::new(None),
            take,
            context,
        };
        effect(move || pages.cut_from_address());
        effect(move || {
            // Read, not only tracked: a value that is computed later counts as a change, and the
            // page would be fetched twice.
            drop(request_path.read());
            pages.fetch_soon();
        });
        context.client.on_doubt(move || spawn_local(pages.fetch()));
        on_cleanup(move || _ = pages.begin_turn());
        pages
    }

    /// A memo, so that a change of one row draws no list again.
    pub fn shown(self) -> Memo<Shown> {
        let has_rows = move || !self.ids.read().is_empty();
        let is_empty = move || !has_rows() && self.all.get() == Some(0);
        let shown = self.load.shown(is_empty, has_rows);
        memo(move || match shown.get() {
            // Whether anything exists is not known yet.
            Shown::NoMatch if self.all.get().is_none() => Shown::Loading,
            shown => shown,
        })
    }

    /// Fetches the page again. The rows stay until the answer is here.
    pub async fn fetch(self) {
        let Some(turn) = self.begin_turn() else { return };
        self.fetching.update_value(|fetching| fetching.is_waiting = true);
        self.load.begin();
        let answer = self.context.client.list(&self.request_path.get_untracked()).await;
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
            // No match and no rows are different states.
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
        self.fetching.update_value(|fetching| fetching.is_waiting = false);
        self.load.end(answer);
    }

    async fn count_all(self) -> Answer<u64> {
        let request_path = with_query(self.listing.api, &[("limit", "1")]);
        let json = self.context.client.list(&request_path).await?.json;
        json.member("total").number().map_err(|_| unreadable())
    }

    /// The rows on the server whose name contains `text`, on any page.
    pub async fn find<T: DeserializeOwned>(self, text: &str) -> Answer<Vec<T>> {
        let request_path = with_query(self.listing.api, &[("limit", "1000"), ("q", text)]);
        self.context.client.list(&request_path).await?.data()
    }

    /// `None` when the page is gone.
    pub fn is_fetching(self) -> Option<bool> {
        self.fetching.try_get_value().map(|fetching| fetching.is_waiting)
    }

    /// The next request waits so long.
    pub fn wait_before_next(self, pause: Duration) {
        self.fetching.update_value(|fetching| fetching.pause = pause);
    }

    fn fetch_soon(self) {
        self.begin_turn();
        // The cursor of the page that is left is not that of the next.
        self.next.set(String::new());
        let Fetching { pause, turn, .. } = self.fetching.get_value();
        self.fetching.set_value(Fetching { turn, is_waiting: true, pause: Duration::ZERO });
        let fetch = move || spawn_local(self.fetch());
        if pause.is_zero() {
            fetch();
        } else {
            self.waiting.set_value(set_timeout_with_handle(fetch, pause).ok());
        }
    }

    /// Drops the answers to earlier requests.
    fn begin_turn(self) -> Option<u32> {
        if let Some(waiting) = self.waiting.try_get_value().flatten() {
            waiting.clear();
        }
        self.fetching.try_update_value(|fetching| {
            fetching.turn = fetching.turn.wrapping_add(1);
            fetching.turn
        })
    }

    /// Whether the answer is still wanted. The page may be gone.
    fn is_turn(self, turn: u32) -> bool {
        self.fetching.try_get_value().is_some_and(|fetching| fetching.turn == turn)
    }
}
