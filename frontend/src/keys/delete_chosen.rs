//! Confirms the deletion of several keys. Their number is typed: it cannot be done in passing.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use crate::components::confirm_delete::{ConfirmDelete, Deletion};
use crate::components::field::{Input, TextField, Typed};
use crate::keys::store::Keys;
use crate::text::plural;

const COUNT: Input = Input {
    html_type: "number",
    name: "count",
    autocomplete: "off",
    placeholder: "",
    hint: "To confirm, type how many keys are deleted.",
};

/// At most so many names are listed.
const NAMED: usize = 8;

pub fn delete_chosen(keys: Keys, ids: Vec<String>, on_close: Callback<()>) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let count = ids.len();
    let counted = plural(i64::try_from(count).unwrap_or(i64::MAX), "key");
    let names = ids.iter().filter_map(|id| untrack(|| keys.get(id)));
    let names = names.take(NAMED).map(|key| view! { <li>{key.name}</li> }).collect_view();
    let more = (count > NAMED).then(|| view! { <li>{format!("and {} more", count - NAMED)}</li> });
    let typed = Typed::of(String::new());
    let sentence = format!("Type {count} to delete {counted}");
    let may = Arc::new(move || {
        let is_right = typed.text.read_untracked().trim() == count.to_string();
        typed.error.set((!is_right).then(|| sentence.clone()));
        is_right
    });
    let delete: Deletion = Arc::new(move || {
        let ids = ids.clone();
        Box::pin(async move {
            keys.delete_chosen(ids).await;
            Ok(())
        })
    });
    view! {
        <ConfirmDelete
            title=format!("Delete {counted}?")
            text="Programs that use them get 401. This cannot be undone.".to_owned()
            button="Delete"
            delete
            may
            dialog
            on_close
        >
            <ul class="points">{names} {more}</ul>
            <TextField label="Number of keys" input=COUNT value=typed.text error=typed.error/>
        </ConfirmDelete>
    }
    .into_any()
}
