//! Keys that are ticked, and what is done to all of them: one after the other, so that one that
//! fails stops none.

use keyward_api::keys::ApiKey;
use keyward_api::replicas::Effective;
use leptos::prelude::*;

use crate::client::effective;
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
        let (mut failed, mut effects) = (0, Vec::new());
        for key in self.each(&ids) {
            let answer = self.send_enabled(&key.id, false).await;
            match answer.and_then(|body| Ok((effective(&body), body.data()?))) {
                Ok((effective, record)) => {
                    effects.extend(effective);
                    self.put(record);
                }
                Err(error) => {
                    failed += 1;
                    let why = error.full_message();
                    self.fail(&key.id, format!("{} was not disabled. {why}", quoted(&key.name)));
                }
            }
        }
        self.say(ids.len(), failed, "disabled", "in effect", effects);
        self.pages.changed().await;
    }

    pub async fn delete_chosen(self, ids: Vec<String>) {
        let (mut failed, mut effects) = (0, Vec::new());
        for key in self.each(&ids) {
            match self.client().delete_key(&key.id).await {
                Ok(effective) => {
                    effects.extend(effective);
                    self.gone(&key.id);
                }
                Err(error) => {
                    failed += 1;
                    let why = error.full_message();
                    self.fail(&key.id, format!("{} was not deleted. {why}", quoted(&key.name)));
                }
            }
        }
        self.say(ids.len(), failed, "deleted", "revoked", effects);
        // With the last row goes the button that has the focus.
        move_focus(None, self.add_button);
    }

    /// As they are now; each begins without what was said about it.
    fn each(self, ids: &[String]) -> Vec<ApiKey> {
        let keys = ids.iter().filter_map(|id| untrack(|| self.get(id)));
        keys.inspect(|key| self.forget_failure(&key.id)).collect()
    }

    /// Keys that failed stay ticked, to be tried again.
    fn say(self, all: usize, failed: usize, done: &str, did: &str, effects: Vec<Effective>) {
        let failures = self.failures.try_get_untracked().unwrap_or_default();
        self.chosen.try_update(|chosen| {
            if let Some(chosen) = chosen {
                chosen.retain(|id| failures.iter().any(|failure| failure.id == *id));
            }
        });
        let place = together(effects).and_then(|effective| on_servers(did, &effective));
        let done = place.map_or_else(|| done.to_owned(), |place| format!("{done}, {place}"));
        self.chosen_says.try_set(outcome(all - failed, failed, &done));
    }
}

/// `2 keys disabled. 1 key was not: its row says why.`
fn outcome(succeeded: usize, failed: usize, done: &str) -> String {
    let keys = |count: usize| plural(i64::try_from(count).unwrap_or(i64::MAX), "key");
    match failed {
        0 => format!("{} {done}.", keys(succeeded)),
        1 => format!("{} {done}. 1 key was not: its row says why.", keys(succeeded)),
        _ => format!("{} {done}. {} were not: their rows say why.", keys(succeeded), keys(failed)),
    }
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn what_failed_is_counted_beside_what_was_done() {
        assert_eq!(outcome(1, 0, "deleted"), "1 key deleted.");
        assert_eq!(outcome(2, 1, "disabled"), "2 keys disabled. 1 key was not: its row says why.");
        assert_eq!(
            outcome(0, 3, "deleted"),
            "0 keys deleted. 3 keys were not: their rows say why."
        );
    }
}
