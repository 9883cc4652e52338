//! A list that keeps what it has drawn.

use leptos::prelude::*;

/// Draws each id once and keeps it until the id goes. One component for all lists, since the
/// generic `For` is compiled, and downloaded, again for each.
#[component]
pub fn Each(ids: Memo<Vec<String>>, draw: fn(StoredValue<String>) -> AnyView) -> impl IntoView {
    view! {
        <For each=move || ids.get() key=String::clone let:id>
            {draw(StoredValue::new(id))}
        </For>
    }
}
