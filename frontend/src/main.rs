//! Keyward's page: a Leptos application, rendered in the browser.
//!
//! | module | what |
//! |---|---|
//! | [`app`] | the router, what every page shares |
//! | [`shell`] | the frame of the pages of a person who is signed in |
//! | [`routes`] | every path, and which path may be returned to |
//! | [`client`] | the only file that does HTTP |
//! | [`load`] | the three states of something that is fetched |
//! | [`clock`] | now, and times as people read them |
//! | [`session`] | first start, signing in and out |
//! | [`settings`] | `/settings/secrets` and its tabs |
//! | [`keys`] | the API keys |
//! | [`components`] | parts that know no noun: fields, dialogs, toasts, icons |
//!
//! The policy of the server forbids inline script and style, so every rule is in
//! `style/` and no element has a `style` attribute.

mod app;
mod client;
mod clock;
mod components;
mod keys;
mod load;
mod routes;
mod session;
mod settings;
mod shell;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
