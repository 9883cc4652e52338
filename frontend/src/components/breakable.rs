//! Addresses that wrap.

use leptos::prelude::*;

pub fn breakable(address: &str) -> AnyView {
    let at = address.find('@').unwrap_or(address.len());
    let (name, host) = address.split_at(at);
    view! { {name.to_owned()} <wbr/> {host.to_owned()} }.into_any()
}
