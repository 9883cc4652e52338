//! The key behind a text: its name, its prefix, its id, or a key that leaked.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::context::Context;
use crate::lists::key_in_text::prefix_of_key_in;
use crate::location::Navigate;
use crate::query::with_query;
use crate::routes;

pub fn find(context: Context) -> AnyView {
    let field = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        // A key that leaked does not go into the address.
        let wanted = prefix_of_key_in(&text).unwrap_or(text.trim());
        let to = with_query(routes::SECRETS, &[("tab", "keys"), ("q", wanted)]);
        context.location.navigate(&to, Navigate::Push);
    };
    view! {
        <form class="find" role="search" aria-label="API keys" on:submit=submit>
            <input
                type="search"
                id="search"
                aria-label="Find a key"
                placeholder="Name, prefix, id or key"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                node_ref=field
            />
            <button class="button">"Find"</button>
        </form>
    }
    .into_any()
}
