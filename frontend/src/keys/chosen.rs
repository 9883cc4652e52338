//! Keys that are ticked, and what is done to all of them: one after the other, so that one that
//! fails stops none.

use keyward_api::keys::ApiKey;
use keyward_api::replicas::Effective;
use leptos::prelude::*;

use crate::client::{ClientError, effective};
use crate::focus::move_focus;
use crate::keys::effect::{on_servers, together};
use crate::keys::store::Keys;
use crate::text::{plural, quoted};

impl Keys {
    pub fn let_choose(self, can_choose: bool) {
        self.chosen_says.set(String::new());
        self.chosen.set(can_choose.then(Vec::new));
    }

    pub fn choose(self, id: &str, is_chosen: bool) {
        self.chosen_says.set(String::new());
        self.chosen.update(|chosen| {
            let Some(chosen) = chosen else { return };
            chosen.retain(|other| other != id);
            if is_chosen {
                chosen.push(id.to_owned());
            }
        });
    }

    pub fn choose_all(self, is_chosen: bool) {
        let all = if is_chosen { self.pages.ids.get_untracked() } else { Vec::new() };
        self.chosen.set(Some(all));
    }

    /// In the order of the rows. A key that is not shown any more is not meant.
    pub fn chosen_ids(self) -> Vec<String> {
        let (chosen, ids) = (self.chosen.read(), self.pages.ids.read());
        let chosen = chosen.as_deref().unwrap_or_default();
        ids.iter().filter(|id| chosen.contains(id)).cloned().collect()
    }

    pub async fn disable_chosen(self, ids: Vec<String>) {
        let mut outcome = Outcome::of("disabled", "in effect");
        for key in self.each(&ids) {
            let answer = self.send_enabled(&key.id, false).await;
            match answer.and_then(|body| Ok((effective(&body), body.data()?))) {
                Ok((effective, record)) => {
                    outcome.succeeded(effective);
                    self.put(record);
                }
                Err(error) => self.count_failure(&mut outcome, &key, &error),
            }
        }
        self.say(&outcome);
        self.pages.changed().await;
    }

    pub async fn delete_chosen(self, ids: Vec<String>) {
        let mut outcome = Outcome::of("deleted", "revoked");
        for key in self.each(&ids) {
            match self.client().delete_key(&key.id).await {
                Ok(effective) => {
                    outcome.succeeded(effective);
                    self.gone(&key.id);
                }
                Err(error) => self.count_failure(&mut outcome, &key, &error),
            }
        }
        self.say(&outcome);
        // With the last row goes the button that has the focus.
        move_focus(None, self.add_button);
    }

    /// As they are now; each begins without what was said about it.
    fn each(self, ids: &[String]) -> Vec<ApiKey> {
        let keys = ids.iter().filter_map(|id| untrack(|| self.get(id)));
        keys.inspect(|key| self.forget_failure(&key.id)).collect()
    }

    /// A key that may have been changed after all has no row to say so: the list is fetched again.
    fn count_failure(self, outcome: &mut Outcome, key: &ApiKey, error: &ClientError) {
        let why = error.full_message();
        if error.is_in_doubt() {
            outcome.doubtful += 1;
            outcome.doubt = Some(why);
        } else {
            outcome.failed += 1;
            self.fail(&key.id, format!("{} was not {}. {why}", quoted(&key.name), outcome.done));
        }
    }

    /// Keys that failed stay ticked, to be tried again.
    fn say(self, outcome: &Outcome) {
        let failures = self.failures.try_get_untracked().unwrap_or_default();
        self.chosen.try_update(|chosen| {
            if let Some(chosen) = chosen {
                chosen.retain(|id| failures.iter().any(|failure| failure.id == *id));
            }
        });
        if let Some(why) = &outcome.doubt {
            self.pages.context.toasts.error(why.clone());
        }
        self.chosen_says.try_set(outcome.in_words());
    }
}

/// What became of several keys.
struct Outcome {
    done: &'static str,
    /// What became of what was taken away, as in [`on_servers`].
    did: &'static str,
    succeeded: usize,
    failed: usize,
    /// How many may have been changed or not, and what the server says to that.
    doubtful: usize,
    doubt: Option<String>,
    effective: Option<Effective>,
}

impl Outcome {
    fn of(done: &'static str, did: &'static str) -> Self {
        Self { done, did, succeeded: 0, failed: 0, doubtful: 0, doubt: None, effective: None }
    }

    fn succeeded(&mut self, effective: Option<Effective>) {
        self.succeeded += 1;
        self.effective = together(self.effective.into_iter().chain(effective));
    }

    /// `2 keys disabled. 1 key was not: its row says why.`
    fn in_words(&self) -> String {
        let keys = |count: usize| plural(i64::try_from(count).unwrap_or(i64::MAX), "key");
        let mut text = format!("{} {}", keys(self.succeeded), self.done);
        if let Some(place) = self.effective.and_then(|it| on_servers(self.did, &it)) {
            text = format!("{text}, {place}");
        }
        let failed = match self.failed {
            0 => String::new(),
            1 => " 1 key was not: its row says why.".to_owned(),
            many => format!(" {} were not: their rows say why.", keys(many)),
        };
        let doubtful = match self.doubtful {
            0 => String::new(),
            some => format!(" For {} it is not known.", keys(some)),
        };
        format!("{text}.{failed}{doubtful}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(succeeded: usize, failed: usize, done: &'static str) -> Outcome {
        Outcome { succeeded, failed, ..Outcome::of(done, "revoked") }
    }

    #[test]
    fn what_failed_is_counted_beside_what_was_done() {
        let says = |succeeded, failed, done| outcome(succeeded, failed, done).in_words();
        assert_eq!(says(1, 0, "deleted"), "1 key deleted.");
        assert_eq!(says(2, 1, "disabled"), "2 keys disabled. 1 key was not: its row says why.");
        assert_eq!(says(0, 3, "deleted"), "0 keys deleted. 3 keys were not: their rows say why.");
    }

    #[test]
    fn what_may_have_been_done_is_neither() {
        let outcome = Outcome { doubtful: 2, ..outcome(1, 1, "deleted") };
        assert_eq!(
            outcome.in_words(),
            "1 key deleted. 1 key was not: its row says why. For 2 keys it is not known."
        );
    }

    #[test]
    fn the_servers_are_named_once_for_all_keys() {
        let mut outcome = outcome(0, 0, "deleted");
        for waited_ms in [18, 20] {
            let (generation, acknowledged, fenced) = (7, 3, 0);
            outcome.succeeded(Some(Effective { generation, acknowledged, fenced, waited_ms }));
        }
        outcome.succeeded(None);
        assert_eq!(outcome.in_words(), "3 keys deleted, revoked on all 3 servers in 38 ms.");
    }
}
