//! The choice between the system's theme, light and dark. `static/theme.js` applies the
//! remembered choice before the first paint.

use leptos::prelude::*;

const STORED_AS: &str = "keyward-theme";
const CHOICES: [(&str, &str); 3] = [("system", "System"), ("light", "Light"), ("dark", "Dark")];

/// Three radio buttons that look like one switch.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(remembered());
    let choose = move |theme: &'static str| {
        chosen.set(theme);
        apply(theme);
    };
    let choice = move |(value, label): (&'static str, &'static str)| {
        view! {
            <label>
                <input
                    type="radio"
                    name="theme"
                    value=value
                    prop:checked=move || chosen.get() == value
                    on:change=move |_| choose(value)
                />
                <span>{label}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="segments">
            <legend>"Theme"</legend>
            {CHOICES.map(choice).collect_view()}
        </fieldset>
    }
}

/// Storage may be blocked; the choice then lasts as long as the page.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn remembered() -> &'static str {
    let stored = storage().and_then(|storage| storage.get_item(STORED_AS).ok().flatten());
    let is_stored = |(value, _): &&(&str, &str)| stored.as_deref() == Some(*value);
    CHOICES.iter().find(is_stored).map_or("system", |(value, _)| value)
}

fn apply(theme: &str) {
    if let Some(storage) = storage() {
        // A full storage forgets the choice.
        let _ = storage.set_item(STORED_AS, theme);
    }
    if let Some(root) = document().document_element() {
        // Fails only for malformed names.
        let _ = match theme {
            "system" => root.remove_attribute("data-theme"),
            _ => root.set_attribute("data-theme", theme),
        };
    }
}
