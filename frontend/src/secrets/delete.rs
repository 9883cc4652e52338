//! The dialog that deletes a secret. It names it, since its value cannot be had back.

use keyward_api::secrets::Secret;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::dialog::{Dialog, close};
use crate::components::heir::{hand_focus_on, neighbour};
use crate::components::problem::FormError;
use crate::secrets::row::delete_button;
use crate::secrets::store::{Secrets, quoted};

/// The dialog.
#[component]
pub fn DeleteDialog(
    secret: Secret,
    dialog: NodeRef<html::Dialog>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let title = format!("Delete {}?", quoted(&secret.key));
    let secret = StoredValue::new(secret);
    let delete = move |_| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        spawn_local(async move {
            let secret = secret.get_value();
            let heir = neighbour(&secrets.visible.read_untracked(), &secret.id);
            match secrets.delete(&secret).await {
                Ok(()) => {
                    close(dialog);
                    hand_focus_on(heir.map(|id| delete_button(&id)), secrets.add_button);
                }
                Err(failure) => drop(error.try_set(Some(failure.full_message()))),
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <Dialog title node_ref=dialog on_close>
            <FormError error/>
            <p>"Programs that read it will find nothing. Its value cannot be had back."</p>
            <div class="dialog-buttons">
                <button type="button" class="button" on:click=move |_| close(dialog)>"Cancel"</button>
                <button
                    type="button"
                    class="button button-danger"
                    aria-disabled=move || is_busy.get().then_some("true")
                    on:click=delete
                >
                    {move || if is_busy.get() { "Deleting..." } else { "Delete secret" }}
                </button>
            </div>
        </Dialog>
    }
}
