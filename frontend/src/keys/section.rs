//! The API keys section: its heading, and which of its states is shown.

use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::problem::LoadFailed;
use crate::keys::banner::Banners;
use crate::keys::curl;
use crate::keys::filter::Filter;
use crate::keys::form::KeyForm;
use crate::keys::store::Keys;
use crate::keys::table::KeyTable;
use crate::keys::toolbar::{Toolbar, set_filter};
use crate::load::Load;

/// The button that opens the form, for whatever leaves the focus without a home.
#[derive(Clone, Copy)]
pub struct AddButton(NodeRef<html::Button>);

impl AddButton {
    /// Moves the focus there, once the page has drawn itself anew.
    pub fn focus(self) {
        request_animation_frame(move || {
            if let Some(button) = self.0.get_untracked() {
                let _ = button.focus();
            }
        });
    }
}

/// The section.
#[component]
pub fn KeysSection() -> impl IntoView {
    let keys = Keys::load_from_server();
    let add_button = NodeRef::new();
    let is_form_open = RwSignal::new(false);
    provide_context(keys);
    provide_context(AddButton(add_button));
    view! {
        <section aria-labelledby="keys-title">
            <div class="section-head">
                <div>
                    <h2 id="keys-title">"API keys"</h2>
                    <p class="lead">
                        "Authenticate external requests to /api. Pass the key in the x-api-key header."
                    </p>
                </div>
                <button
                    type="button"
                    class="button button-primary"
                    disabled=is_form_open
                    node_ref=add_button
                    on:click=move |_| is_form_open.set(true)
                >
                    {icon(Icon::Plus)} "Add API key"
                </button>
            </div>
            <Banners/>
            <Show when=move || is_form_open.get()>
                <KeyForm is_open=is_form_open/>
            </Show>
            <List/>
            <ArmedAnnouncement/>
        </section>
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Loading,
    Failed,
    Empty,
    NoMatch,
    Table,
}

/// Loading, failed, empty and nothing found are four states; none looks like another.
#[component]
fn List() -> impl IntoView {
    let keys: Keys = expect_context();
    // A memo, so that a change of one row does not draw the table anew.
    let shown = Memo::new(move |_| match &*keys.list.read() {
        Load::Loading => Shown::Loading,
        Load::Failed(_) => Shown::Failed,
        Load::Ready(list) if list.is_empty() => Shown::Empty,
        Load::Ready(_) if keys.visible.read().is_empty() => Shown::NoMatch,
        Load::Ready(_) => Shown::Table,
    });
    let has_toolbar = Memo::new(move |_| matches!(shown.get(), Shown::NoMatch | Shown::Table));
    view! {
        <Show when=move || has_toolbar.get()><Toolbar/></Show>
        {move || match shown.get() {
            Shown::Loading => view! { <Skeleton/> }.into_any(),
            Shown::Failed => view! { <Failed/> }.into_any(),
            Shown::Empty => view! { <Empty/> }.into_any(),
            Shown::NoMatch => view! { <NoMatch/> }.into_any(),
            Shown::Table => view! { <KeyTable/> }.into_any(),
        }}
    }
}

/// As high as a toolbar and three rows, so that nothing jumps when they arrive.
#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton-list" role="img" aria-label="Loading API keys">
            {[(); 4].map(|()| view! { <div class="skeleton"></div> }).collect_view()}
        </div>
    }
}

#[component]
fn Failed() -> impl IntoView {
    let keys: Keys = expect_context();
    move || match &*keys.list.read() {
        Load::Failed(error) => {
            let (error, retry) = (error.clone(), move |()| keys.reload());
            Some(view! { <LoadFailed title="Keys could not be loaded" error retry/> })
        }
        Load::Loading | Load::Ready(_) => None,
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <div class="empty">
            <h3>"No API keys yet"</h3>
            <p>"Add one for each program that calls this server, so that each can be revoked alone."</p>
            <pre class="code" tabindex="0" aria-label="Example"><code>
                {curl::verify_command("kw_...", &curl::origin())}
            </code></pre>
        </div>
    }
}

#[component]
fn NoMatch() -> impl IntoView {
    let clear = set_filter();
    view! {
        <div class="empty">
            <h3>"No keys match"</h3>
            <p>"There are keys, but none with this text and status."</p>
            <button type="button" class="button" on:click=move |_| clear(Filter::default())>
                "Clear filters"
            </button>
        </div>
    }
}

/// A button that changes its name under the finger says nothing to a screen reader.
#[component]
fn ArmedAnnouncement() -> impl IntoView {
    let keys: Keys = expect_context();
    let text = move || {
        let key = keys.get(&keys.armed.get()?)?;
        Some(format!("Activate again to delete {}. Escape cancels.", key.name))
    };
    view! { <p class="visually-hidden" aria-live="polite">{text}</p> }
}
