//! What is on the page.

use leptos::prelude::*;

use crate::account::password::password;
use crate::account::recovery::banners;
use crate::account::sessions::sessions;
use crate::account::sso::sso;
use crate::account::store::Account;
use crate::account::two_factor::two_factor;
use crate::components::title::use_title;
use crate::erased::live;
use crate::roles;

#[component]
pub fn AccountPage() -> impl IntoView {
    use_title("Account");
    let account = Account::load_from_server();
    provide_context(account);
    let email = account.part(|session| session.email.clone());
    let role = account.part(|session| Some(session.role));
    let means = live(move || match role.get() {
        Some(role) => view! {
            <strong>{roles::named(role)}</strong> ": " {role.means()}
        }
        .into_any(),
        None => ().into_any(),
    });
    view! {
        <section class="account-page" aria-labelledby="account-title">
            <div class="section-head">
                <div>
                    <h1 id="account-title">"Account"</h1>
                    <p class="lead account-whose">{move || email.get()}</p>
                    <p class="hint">{means}</p>
                </div>
            </div>
            {banners()}
            {password(account)}
            {two_factor(account)}
            {sso(account)}
            {sessions(account)}
        </section>
    }
}
