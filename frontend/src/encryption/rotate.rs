//! The button that rotates, its confirmation, and the progress.

use leptos::html;
use leptos::prelude::*;

use crate::components::dialog::{Dialog, close};
use crate::components::icon::{Icon, icon};
use crate::encryption::store::Encryption;
use crate::encryption::words;
use crate::erased::{memo, when};

#[component]
pub fn Rotate() -> impl IntoView {
    let encryption: Encryption = expect_context();
    let is_open = RwSignal::new(false);
    let is_rotating = memo(move || encryption.is_rotating());
    let open = move |_| {
        if !is_rotating.get_untracked() {
            is_open.set(true);
        }
    };
    view! {
        <button
            type="button"
            class="button button-primary"
            aria-disabled=move || is_rotating.get().then_some("true")
            on:click=open
        >
            {icon(Icon::Refresh)} {move || if is_rotating.get() { "Rotating..." } else { "Rotate" }}
        </button>
        {when(move || is_open.get(), move || view! { <ConfirmRotation is_open/> }.into_any())}
    }
}

#[component]
fn ConfirmRotation(is_open: RwSignal<bool>) -> impl IntoView {
    let encryption: Encryption = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let rotate = move |_| {
        close(dialog);
        encryption.rotate();
    };
    view! {
        <Dialog title="Rotate the data key?".to_owned() node_ref=dialog on_close=move |()| is_open.set(false)>
            <ul class="points">
                <li>"Keyward makes a new data key and re-encrypts every value with it, all of them or none."</li>
                <li>"API keys go on being verified. Reading and changing secrets may have to wait until it is done."</li>
                <li>"The old key is retired and erased; older backups have their own."</li>
                <li>"It cannot be undone, and is recorded in the audit log."</li>
            </ul>
            <div class="dialog-buttons">
                <button type="button" class="button" on:click=move |_| close(dialog)>"Cancel"</button>
                <button type="button" class="button button-primary" on:click=rotate>"Rotate now"</button>
            </div>
        </Dialog>
    }
}

/// The progress of a rotation, of this page or of another.
#[component]
pub fn Progress() -> impl IntoView {
    let encryption: Encryption = expect_context();
    let progress = move || encryption.status.read().as_ref().and_then(|it| it.rotation);
    let words = memo(move || progress().map_or("Rotation has begun".to_owned(), words::progress));
    let part = move |part: fn(u64, u64) -> u64| {
        let progress = progress().filter(|progress| progress.total > 0);
        progress.map(|progress| part(progress.re_encrypted, progress.total).to_string())
    };
    when(
        move || encryption.is_rotating(),
        move || {
            view! {
                <div class="notice progress">
                    <label for="rotation">{move || words.get()}</label>
                    <progress
                        id="rotation"
                        value=move || part(|done, _| done)
                        max=move || part(|_, total| total)
                    ></progress>
                </div>
            }
            .into_any()
        },
    )
}
