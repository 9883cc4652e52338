//! The line that says whether the log is as it was written.

use keyward_api::audit::AuditVerification;
use leptos::prelude::*;

use crate::audit::store::Audit;
use crate::components::icon::{Icon, icon};
use crate::encryption::words::grouped;
use crate::load::Shown;
use crate::once::live;

/// The line. Each entry is chained to the one before it, so it can be told.
#[component]
pub fn Chain() -> impl IntoView {
    let audit: Audit = expect_context();
    let shown = audit.check.shown(|| false, || true);
    let line = live(move || match (shown.get(), audit.verified.get()) {
        (Shown::Failed, _) => {
            audit.check.failed("The chain could not be verified", move || audit.verify())
        }
        (Shown::Ready, Some(verified)) => said(&verified),
        _ => view! { <p class="chain quiet">{icon(Icon::Clock)} "Verifying the chain..."</p> }
            .into_any(),
    });
    view! { <div class="chain-place" role="status">{line}</div> }
}

fn said(verified: &AuditVerification) -> AnyView {
    let through = match verified.verified {
        0 => String::new(),
        entries => format!("Chain verified through entry {}.", grouped(entries)),
    };
    match &verified.broken {
        Some(broken) => {
            let title = format!("Entry {} is not as it was written", grouped(broken.seq));
            view! {
                <div class="notice notice-danger">
                    {icon(Icon::Warning)}
                    <div class="notice-body">
                        <p class="notice-title">{title}</p>
                        <p>{broken.reason.clone()}</p>
                        <p>{through}</p>
                    </div>
                </div>
            }
            .into_any()
        }
        None => view! { <p class="chain chain-whole">{icon(Icon::Check)} {through}</p> }.into_any(),
    }
}
