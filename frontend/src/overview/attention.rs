//! What needs a person, the worst first, and what is worth knowing: each one sentence with its one
//! action.

use keyward_api::overview::{Attention, AttentionKind, Severity};
use keyward_api::roles::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::overview::store::{OverviewStore, is_urgent};
use crate::query::with_query;
use crate::routes;

pub fn attention(store: OverviewStore) -> AnyView {
    let items = store.part(|overview| overview.attention.clone());
    let lists = live(move || {
        let (urgent, notices): (Vec<_>, Vec<_>) = items.get().into_iter().partition(is_urgent);
        let calm = urgent.is_empty().then(|| {
            view! { <p class="calm">{icon(Icon::Check)} "Nothing needs attention."</p> }.into_any()
        });
        let title = (!notices.is_empty()).then(|| view! { <h3>"Worth knowing"</h3> }.into_any());
        view! { {calm} {list(store, &urgent)} {title} {list(store, &notices)} }.into_any()
    });
    view! {
        <section aria-labelledby="attention-title">
            <h2 id="attention-title">"Needs attention"</h2>
            {lists}
        </section>
    }
    .into_any()
}

fn list(store: OverviewStore, items: &[Attention]) -> AnyView {
    if items.is_empty() {
        return ().into_any();
    }
    let lines = items.iter().map(|item| line(store, item)).collect_view();
    view! { <ul class="attention">{lines}</ul> }.into_any()
}

fn line(store: OverviewStore, item: &Attention) -> AnyView {
    let (class, word) = match item.severity {
        Severity::Danger => ("attention-item is-danger", "Danger: "),
        Severity::Warning => ("attention-item is-warning", "Warning: "),
        Severity::Notice => ("attention-item", ""),
    };
    let picture = if item.severity == Severity::Notice { Icon::Clock } else { Icon::Warning };
    let is_admin = untrack(|| store.context.session.may(Role::Admin));
    let action = match action(item) {
        Some(_) if is_for_admins(item.kind) && !is_admin => ().into_any(),
        Some((label, href)) => {
            let named = format!("{label}: {}", item.message);
            view! { <a class="button button-small" href=href aria-label=named>{label}</a> }
                .into_any()
        }
        None => keep_button(store),
    };
    view! {
        <li class=class>
            {icon(picture)}
            <p><span class="visually-hidden">{word}</span> {item.message.clone()}</p>
            {action}
        </li>
    }
    .into_any()
}

/// Whether its action leads where only admins come.
fn is_for_admins(kind: AttentionKind) -> bool {
    matches!(kind, AttentionKind::PreviousRootKey | AttentionKind::OneAdministrator)
}

/// The words of the action and where it leads; none when it is a button.
fn action(item: &Attention) -> Option<(&'static str, String)> {
    let keys = |filter| ("Show the keys", with_query(routes::SECRETS, &[("tab", "keys"), filter]));
    let concern = |only| match &item.key_id {
        Some(id) => ("Open the key", with_query(routes::SECRETS, &[("tab", "keys"), ("key", id)])),
        None => keys(("only", only)),
    };
    Some(match item.kind {
        AttentionKind::KeepRootKey => return None,
        AttentionKind::AuditBroken => ("Open the audit log", routes::AUDIT.to_owned()),
        AttentionKind::RowsAltered => keys(("status", "altered")),
        AttentionKind::Refusals => {
            ("Show the refusals", with_query(routes::AUDIT, &[("outcome", "refused")]))
        }
        AttentionKind::ExpiresSoon => concern("expires-soon"),
        AttentionKind::OldKeyUsed => concern("overlapping"),
        AttentionKind::WritesForever => concern("writes-forever"),
        AttentionKind::Unused => concern("unused"),
        AttentionKind::PreviousRootKey => ("Open encryption", routes::ENCRYPTION.to_owned()),
        AttentionKind::PlainHttp => ("Read how", format!("{}operations.html", routes::DOCS)),
        AttentionKind::NewMachine => {
            ("Read how", format!("{}operations.html#the-watermark", routes::DOCS))
        }
        AttentionKind::Backup => ("Read how", format!("{}operations.html#backups", routes::DOCS)),
        AttentionKind::OneAdministrator => ("Open people", routes::USERS.to_owned()),
    })
}

fn keep_button(store: OverviewStore) -> AnyView {
    let keep = move |_| {
        spawn_local(async move {
            match store.context.client.keep_root_key().await {
                Ok(()) => store.fetch(),
                Err(error) => {
                    store.context.toasts.error(format!("Not noted. {}", error.full_message()));
                }
            }
        });
    };
    view! {
        <button type="button" class="button button-small" on:click=keep>"I keep a copy"</button>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: AttentionKind, key_id: Option<&str>) -> Attention {
        Attention {
            kind,
            severity: Severity::Warning,
            message: "One sentence.".to_owned(),
            count: 1,
            key_id: key_id.map(str::to_owned),
            address: None,
        }
    }

    #[test]
    fn one_key_leads_to_its_page_and_several_to_their_list() {
        let href = |id| action(&item(AttentionKind::Unused, id)).unwrap().1;
        assert_eq!(href(Some("a b")), "/settings/secrets?tab=keys&key=a%20b");
        assert_eq!(href(None), "/settings/secrets?tab=keys&only=unused");
    }

    #[test]
    fn only_the_copy_of_the_root_key_is_a_button() {
        assert!(action(&item(AttentionKind::KeepRootKey, None)).is_none());
        assert!(action(&item(AttentionKind::AuditBroken, None)).is_some());
    }
}
