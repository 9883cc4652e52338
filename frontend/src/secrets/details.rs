//! The dialog that says who can read a secret, and who last did.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::dialog::{Dialog, close};
use crate::components::skeleton::skeleton;
use crate::erased::live;
use crate::focus::move_focus;
use crate::load::{Load, Shown};
use crate::query::with_query;
use crate::routes;
use crate::secrets::readers::{Details, Reader};
use crate::secrets::row::menu_button;
use crate::secrets::store::Secrets;
use crate::text::quoted;

#[component]
pub fn DetailsDialog(
    key: String,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let load = Load::new();
    let found = RwSignal::new(None::<Details>);
    let title = quoted(&key);
    let key = StoredValue::new(key);
    let fetch = move || {
        load.begin();
        spawn_local(async move {
            let answer = secrets.details(&key.get_value()).await;
            load.end(answer.map(|details| drop(found.try_set(Some(details)))));
        });
    };
    fetch();
    let shown = load.shown(|| false, || true);
    let content = live(move || match shown.get() {
        Shown::Loading => skeleton("Loading the details"),
        Shown::Failed => load.failed("The details could not be loaded", fetch),
        _ => found.get().map_or(().into_any(), details),
    });
    // Going back takes the dialog away as well, and the browser then leaves the focus nowhere.
    on_cleanup(move || {
        let of_row = secrets.id_of(&key.get_value()).map(|id| menu_button(&id));
        move_focus(of_row, secrets.add_button);
    });
    view! {
        <Dialog title node_ref=dialog on_close>
            {content}
            <div class="dialog-buttons">
                <button type="button" class="button" on:click=move |_| close(dialog)>"Close"</button>
            </div>
        </Dialog>
    }
}

fn details(of: Details) -> AnyView {
    let Details { facts, people, keys, rest } = of;
    let fact = |(term, of): (&'static str, String)| {
        view! { <div><dt>{term}</dt> <dd>{of}</dd></div> }.into_any()
    };
    let facts = facts.into_iter().map(fact).collect_view();
    let keys = if keys.is_empty() {
        view! { <p>"No API key has a scope that covers it."</p> }.into_any()
    } else {
        let items = keys.into_iter().map(reader).collect_view();
        view! { <ul class="readers" aria-label="API keys that can read it">{items}</ul> }.into_any()
    };
    view! {
        <dl class="facts-list">{facts}</dl>
        <h3>"Who can read it"</h3>
        <p>{people}</p>
        {keys}
        <p class="hint">{rest}</p>
    }
    .into_any()
}

/// A key, with the way to its page.
fn reader(key: Reader) -> AnyView {
    let Reader { id, name, says } = key;
    let href = with_query(routes::SECRETS, &[("tab", "keys"), ("key", &id)]);
    view! { <li><a href=href>{name}</a> <code>{says}</code></li> }.into_any()
}
