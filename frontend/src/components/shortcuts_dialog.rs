//! The list of single keys, and the switch that turns them off.

use keyward_api::roles::Role;
use leptos::html;
use leptos::prelude::*;

use crate::components::dialog::{Dialog, close};
use crate::context::{Context, context};
use crate::erased::when;
use crate::shortcuts::SHORTCUTS;

#[component]
pub fn ShortcutsDialog() -> impl IntoView {
    let Context { shortcuts, session, .. } = context();
    let dialog = NodeRef::<html::Dialog>::new();
    let line = |(key, does): (&'static str, &'static str)| {
        view! { <dt><kbd>{key}</kbd></dt> <dd>{does}</dd> }.into_any()
    };
    let show = move || {
        // A viewer has nothing to add.
        let can_add = untrack(|| session.may(Role::Editor));
        let keys = SHORTCUTS.into_iter().filter(|(key, _)| *key != "n" || can_add);
        let lines = keys.map(line).collect_view();
        view! {
            <Dialog
                title="Keyboard shortcuts".to_owned()
                node_ref=dialog
                on_close=move |()| shortcuts.is_shown.set(false)
            >
                <dl class="shortcuts">{lines}</dl>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || shortcuts.are_on.get()
                        on:change=move |event| shortcuts.switch(event_target_checked(&event))
                    />
                    "Use single keys"
                </label>
                <div class="dialog-buttons">
                    <button type="button" class="button" on:click=move |_| close(dialog)>"Close"</button>
                </div>
            </Dialog>
        }
        .into_any()
    };
    when(move || shortcuts.is_shown.get(), show)
}
