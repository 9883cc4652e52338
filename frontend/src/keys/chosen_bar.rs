//! What may be done to the keys that are ticked.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::erased::live;
use crate::keys::delete_chosen::delete_chosen;
use crate::keys::store::Keys;

pub fn chosen_bar() -> AnyView {
    let keys: Keys = expect_context();
    let is_busy = RwSignal::new(false);
    let asked = RwSignal::new(None::<Vec<String>>);
    let count = move || keys.chosen_ids().len();
    let is_all = move || count() > 0 && count() == keys.pages.ids.read().len();
    let disable = move |_| {
        let ids = untrack(|| keys.chosen_ids());
        if is_busy.get_untracked() || ids.is_empty() {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            keys.disable_chosen(ids).await;
            is_busy.try_set(false);
        });
    };
    let delete = move |_| {
        let ids = untrack(|| keys.chosen_ids());
        if !is_busy.get_untracked() && !ids.is_empty() {
            asked.set(Some(ids));
        }
    };
    let says = move || {
        let said = keys.chosen_says.get();
        if said.is_empty() { format!("{} selected", count()) } else { said }
    };
    let off = move || (is_busy.get() || count() == 0).then_some("true");
    view! {
        <div class="chosen-bar" role="group" aria-label="Selected keys">
            <label class="chosen-all">
                <input
                    type="checkbox"
                    prop:checked=is_all
                    on:change=move |event| keys.choose_all(event_target_checked(&event))
                />
                "Select all"
            </label>
            <p aria-live="polite">{says}</p>
            <button type="button" class="button button-small" aria-disabled=off on:click=disable>
                {move || if is_busy.get() { "Disabling..." } else { "Disable" }}
            </button>
            <button
                type="button"
                class="button button-small button-remove"
                aria-disabled=off
                on:click=delete
            >
                "Delete"
            </button>
            {live(move || match asked.get() {
                Some(ids) => delete_chosen(keys, ids, Callback::new(move |()| asked.set(None))),
                None => ().into_any(),
            })}
        </div>
    }
    .into_any()
}
