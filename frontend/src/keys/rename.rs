//! The dialog that renames a key.

use keyward_api::keys::{ApiKey, KeyName, UpdateApiKey};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::dialog::{Dialog, SaveButtons, close};
use crate::components::field::TextField;
use crate::components::problem::FormError;
use crate::keys::form::{NAME, name_sentence};
use crate::keys::store::Keys;

/// The dialog.
#[component]
pub fn Rename(
    key: ApiKey,
    dialog: NodeRef<html::Dialog>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    let keys: Keys = expect_context();
    let id = StoredValue::new(key.id);
    let name = RwSignal::new(key.name.clone());
    let [name_error, form_error] = [(); 2].map(|()| RwSignal::new(None));
    let is_busy = RwSignal::new(false);
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let checked = KeyName::try_from(name.get_untracked());
        name_error.set(checked.as_ref().err().map(ToString::to_string));
        let (Ok(name), false) = (checked, is_busy.get_untracked()) else { return };
        is_busy.set(true);
        let update = UpdateApiKey { name: Some(name), ..UpdateApiKey::default() };
        spawn_local(async move {
            let done = |key: &ApiKey| format!("Renamed to \u{201c}{}\u{201d}", key.name);
            match keys.change(&id.get_value(), &update, done).await {
                Ok(()) => close(dialog),
                Err(error) => {
                    let sentence = name_sentence(&error);
                    let is_placed = sentence.is_some();
                    name_error.try_set(sentence);
                    form_error.try_set((!is_placed).then(|| error.full_message()));
                }
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <Dialog title=format!("Rename \u{201c}{}\u{201d}", key.name) node_ref=dialog on_close>
            <form novalidate on:submit=save>
                <FormError error=form_error/>
                <TextField label="Name" input=NAME value=name error=name_error/>
                <SaveButtons is_busy dialog/>
            </form>
        </Dialog>
    }
}
