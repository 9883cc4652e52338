//! The API keys section: its heading, and which of its states is shown.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::curl;
use crate::erased::when;
use crate::keys::banner::Banners;
use crate::keys::form::KeyForm;
use crate::keys::store::Keys;
use crate::keys::table::KeyTable;
use crate::keys::toolbar::key_toolbar;
use crate::pages::pager::WORDS;
use crate::pages::view::{Views, list};

#[component]
pub fn KeysSection() -> impl IntoView {
    let keys = Keys::load_from_server();
    let is_form_open = RwSignal::new(false);
    provide_context(keys);
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
                    disabled=move || is_form_open.get()
                    node_ref=keys.add_button
                    on:click=move |_| is_form_open.set(true)
                >
                    {icon(Icon::Plus)} "Add API key"
                </button>
            </div>
            <Banners/>
            {when(move || is_form_open.get(), move || {
                view! { <KeyForm is_open=is_form_open/> }.into_any()
            })}
            {list(keys.pages, &VIEWS).0}
            <ArmedAnnouncement/>
        </section>
    }
}

const VIEWS: Views = Views {
    loading: "Loading API keys",
    failed: "Keys could not be loaded",
    toolbar: || key_toolbar(expect_context()),
    empty: || view! { <Empty/> }.into_any(),
    rows: || view! { <KeyTable/> }.into_any(),
    pager: WORDS,
};

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

/// A screen reader does not read a button that changes its name while it has the focus.
#[component]
fn ArmedAnnouncement() -> impl IntoView {
    let keys: Keys = expect_context();
    let text = move || {
        let armed = keys.armed.get().and_then(|id| keys.get(&id));
        armed.map_or(String::new(), |key| {
            format!("Activate again to delete {}. Escape cancels.", key.name)
        })
    };
    view! { <p class="visually-hidden" aria-live="polite">{move || text()}</p> }
}
