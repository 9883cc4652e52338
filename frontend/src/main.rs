//! Keyward's page: a Leptos application, rendered in the browser.
//!
//! | module | what |
//! |---|---|
//! | [`app`], [`context`] | the pages with their paths, what they share |
//! | [`shell`] | the frame of the pages of a person who is signed in |
//! | [`routes`] | every path, and which path may be returned to |
//! | [`location`], [`history`] | the address of the window, going elsewhere and coming back |
//! | [`client`] | every request there is |
//! | [`http`], [`json`] | the only files that do HTTP, and read what it brings |
//! | [`load`] | the states of something that is fetched |
//! | [`lists`] | lists, fetched page by page |
//! | [`erased`] | reactive parts that are compiled once |
//! | [`clock`] | now, and times as people read them |
//! | [`session`] | first start, signing in and out |
//! | [`settings`] | `/settings/secrets` and its tabs |
//! | [`keys`], [`secrets`], [`providers`] | what is on the tabs |
//! | [`encryption`], [`audit`] | what an administrator sees |
//! | [`components`] | parts that know no noun: fields, dialogs, toasts, icons |
//!
//! The policy of the server forbids inline script and style, so every rule is in
//! `style/` and no element has a `style` attribute.

mod app;
mod audit;
mod client;
mod clock;
mod components;
mod context;
mod curl;
mod encryption;
mod erased;
mod focus;
mod history;
mod http;
mod ids;
mod json;
mod keys;
mod leave_guard;
mod links;
mod lists;
mod load;
mod location;
mod providers;
mod query;
mod routes;
mod secrets;
mod session;
mod session_state;
mod settings;
mod shell;
mod text;
mod toasts;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
