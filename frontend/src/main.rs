//! Keyward's page: a Leptos application, rendered in the browser.
//!
//! | module | what |
//! |---|---|
//! | [`app`] | the pages by their paths |
//! | [`overview`], [`settings`], [`shell`] | what a person sees first, `/settings/secrets`, the frame around a page |
//! | [`session`] | first start, signing in and out |
//! | [`later`] | what is downloaded later |
//! | [`keys`], [`secrets`], [`providers`] | what is at `/settings/secrets` |
//! | [`encryption`], [`audit`], [`replicas`], [`first_run`] | what is opened rarely |
//! | [`users`], [`account`], [`invitation`] | people, one's own account, and how one comes in |
//! | [`lists`] | lists that are fetched page by page |
//! | [`load`] | the states of something that is fetched |
//! | [`components`] | parts that know no noun: fields, dialogs, tables, icons |
//! | [`links`] | links of this site navigate without loading |
//! | [`roles`] | roles in words, and what is there for some only |
//! | [`context`] | what every page may reach: |
//! | [`client`] | every request there is |
//! | [`session_state`], [`toasts`], [`leave_guard`], [`one_time`], [`shortcuts`] | who is signed in, short messages, values that are shown once, single keys |
//! | [`location`], [`history`] | the address of the window, and navigating |
//! | [`http`], [`json`] | the only files that do HTTP, and read what it brings |
//! | [`routes`] | the paths of the pages |
//! | [`clock`], [`curl`], [`query`], [`text`], [`focus`], [`ids`] | times, addresses, words, the document |
//! | [`erased`] | reactive parts that are compiled once |
//!
//! A module imports from its own row and from those below it, and no two import each other: a
//! store knows no view, a component no noun, and only [`app`] and [`settings`] know the pages.
//!
//! The policy of the server forbids inline script and style, so every rule is in
//! `style/` and no element has a `style` attribute.

mod account;
mod app;
mod audit;
mod client;
mod clock;
mod components;
mod context;
mod curl;
mod encryption;
mod erased;
mod first_run;
mod focus;
mod history;
mod http;
mod ids;
mod invitation;
mod json;
mod keys;
mod later;
mod leave_guard;
mod links;
mod lists;
mod load;
mod location;
mod one_time;
mod overview;
mod providers;
mod query;
mod replicas;
mod roles;
mod routes;
mod secrets;
mod session;
mod session_state;
mod settings;
mod shell;
mod shortcuts;
mod text;
mod toasts;
mod users;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
