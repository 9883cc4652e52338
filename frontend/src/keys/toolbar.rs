//! Search, filters and order above the table. The address is where they live, so a filtered
//! list can be bookmarked and reloaded.

use keyward_api::key_list::KeyStatus;
use leptos::prelude::*;

use crate::keys::listing::ORDERS;
use crate::keys::status::label;
use crate::keys::store::Keys;
use crate::lists::toolbar::{WHOLE, filter_list, filter_text, toolbar};

pub fn key_toolbar(keys: Keys) -> AnyView {
    let statuses = KeyStatus::ALL.map(|status| (status.as_str(), label(status).to_owned()));
    let statuses = [("", "All".to_owned())].into_iter().chain(statuses).collect();
    let orders = ORDERS.map(|(slug, _, label)| (slug, label.to_owned())).into();
    let filters = view! {
        {filter_text(keys.pages, "scope", "Scope", WHOLE)}
        {filter_list(keys.pages, "status", "Status", statuses)}
        {filter_list(keys.pages, "sort", "Sort", orders)}
    };
    toolbar(keys.pages, filters.into_any())
}
