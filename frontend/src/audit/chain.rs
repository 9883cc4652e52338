//! The line that says whether the log is as it was written.

use leptos::prelude::*;

use crate::audit::store::Audit;
use crate::audit::verification::Verified;
use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::load::Shown;
use crate::text::grouped;

#[component]
pub fn Chain() -> impl IntoView {
    let audit: Audit = expect_context();
    let shown = audit.check.shown(|| false, || true);
    let line = live(move || {
        match (shown.get(), audit.verified.get()) {
        (Shown::Failed, _) => {
            audit.check.failed("The chain could not be verified", move || audit.verify())
        }
        (Shown::Ready, Some(verified)) => said(verified),
        _ => view! {
            <p class="chain quiet">{icon(Icon::Clock)} "Verifying the chain... " {move || audit.progress.get()}</p>
        }
        .into_any(),
    }
    });
    view! { <div class="chain-line" role="status">{line}</div> }
}

fn said(verified: Verified) -> AnyView {
    let Verified { is_valid, broken: (seq, reason), words } = verified;
    if is_valid {
        return view! { <p class="chain chain-whole">{icon(Icon::Check)} {words}</p> }.into_any();
    }
    let title = format!("Entry {} is not as it was written", grouped(seq));
    view! {
        <div class="notice notice-danger">
            {icon(Icon::Warning)}
            <div class="notice-body">
                <p class="notice-title">{title}</p>
                <p>{reason}</p>
                <p>{words}</p>
            </div>
        </div>
    }
    .into_any()
}
