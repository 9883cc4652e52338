//! What is put in front of a service, or into it: the files that the tests run, with the address
//! of this server in them. They are fetched when they are chosen.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::copy::Text;
use crate::components::copy_button::copy_button;
use crate::curl;
use crate::erased::live;
use crate::http::fetch_text;
use crate::load::{Load, Shown};
use crate::routes;

/// The label, the file below `/docs/snippets/`, and what else there is to do.
type Choice = (&'static str, &'static str, &'static str);

const TRUSTED: &str = "Set KEYWARD_TRUSTED_PROXIES to the proxy's address, so that limits and networks are about its callers.";
const SCOPED: &str = "It asks with a key of its own that has the scope keys:verify.";

const LUA: &str = "Keep keyward.lua beside it: /docs/snippets/keyward.lua.txt here.";

const CHOICES: [Choice; 9] = [
    ("curl", "", "Any program that sends the header."),
    ("nginx", "nginx.conf", "Set KEYWARD_THROTTLE_STATUS=403 as well: nginx makes 500 of a 429."),
    ("Caddy", "Caddyfile", TRUSTED),
    ("HAProxy", "haproxy.cfg", LUA),
    ("Traefik", "traefik-dynamic.yml", TRUSTED),
    ("Envoy", "envoy.yaml", TRUSTED),
    ("Express", "express.js", SCOPED),
    ("FastAPI", "fastapi.py", SCOPED),
    ("axum", "axum.rs", SCOPED),
];

/// The address that Keyward has in the files, and as Envoy writes it.
const IN_FILES: [&str; 2] = ["127.0.0.1:8080", "127.0.0.1, port_value: 8080"];

pub fn snippets() -> AnyView {
    let chosen = RwSignal::new(0_usize);
    let choice = move |(index, (label, ..)): (usize, Choice)| {
        view! {
            <label>
                <input
                    type="radio"
                    name="snippet"
                    prop:checked=move || chosen.get() == index
                    on:change=move |_| chosen.set(index)
                />
                <span>{label}</span>
            </label>
        }
        .into_any()
    };
    let body = live(move || {
        let (_, file, note) = CHOICES[chosen.get()];
        untrack(|| snippet(file, note))
    });
    view! {
        <p>"A proxy asks Keyward about each request before it passes it on, or the service asks itself. "
            <a href=format!("{}forward-auth.html", routes::DOCS)>"How it works"</a></p>
        <fieldset class="segments segments-wrap">
            <legend>"What calls Keyward"</legend>
            {CHOICES.into_iter().enumerate().map(choice).collect_view()}
        </fieldset>
        {body}
    }
    .into_any()
}

fn snippet(file: &'static str, note: &'static str) -> AnyView {
    if file.is_empty() {
        let command = curl::verify_command("kw_...", &curl::origin());
        return block(note, command);
    }
    let (load, text) = (Load::new(), RwSignal::new(String::new()));
    let fetch = move || {
        load.begin();
        spawn_local(async move {
            let answer = fetch_text(format!("{}snippets/{file}.txt", routes::DOCS)).await;
            load.end(answer.map(|found| drop(text.try_set(here(&found)))));
        });
    };
    fetch();
    let shown = load.shown(|| false, || true);
    live(move || match shown.get() {
        Shown::Loading => {
            view! { <div class="skeleton skeleton-form" aria-label="Loading"></div> }.into_any()
        }
        Shown::Failed => load.failed("The example could not be loaded", fetch),
        _ => block(note, text.get()),
    })
}

fn block(note: &'static str, text: String) -> AnyView {
    let copied: Text = {
        let text = text.clone();
        Arc::new(move || text.clone())
    };
    view! {
        <p class="hint">{note}</p>
        <div class="snippet">
            {copy_button("Copy the example".to_owned(), copied)}
            <pre class="code" tabindex="0" aria-label="Example"><code>{text}</code></pre>
        </div>
    }
    .into_any()
}

fn here(text: &str) -> String {
    let location = location();
    let port = location.port().unwrap_or_default();
    let is_https = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let port = if !port.is_empty() {
        &port
    } else if is_https {
        "443"
    } else {
        "80"
    };
    with_address(text, &location.hostname().unwrap_or_default(), port)
}

/// With another address in place of the one in the files.
fn with_address(text: &str, host: &str, port: &str) -> String {
    let [plain, envoy] = IN_FILES;
    text.replace(plain, &format!("{host}:{port}"))
        .replace(envoy, &format!("{host}, port_value: {port}"))
}

#[cfg(test)]
mod tests {
    use super::with_address;

    #[test]
    fn every_proxy_file_gets_the_address_of_this_server() {
        for file in [
            include_str!("../../../server/proxies/nginx.conf"),
            include_str!("../../../server/proxies/Caddyfile"),
            include_str!("../../../server/proxies/haproxy.cfg"),
            include_str!("../../../server/proxies/traefik-dynamic.yml"),
            include_str!("../../../server/proxies/envoy.yaml"),
        ] {
            let changed = with_address(file, "keys.example", "8443");
            assert!(changed.contains("keys.example"), "{file}");
            assert!(!changed.contains("8080"), "{changed}");
        }
    }
}
