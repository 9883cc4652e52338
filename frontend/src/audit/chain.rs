//! The line that says whether the log is as it was written.

use leptos::prelude::*;

use crate::audit::store::Audit;
use crate::audit::verification::Verified;
use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::load::Shown;

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
    let Verified { broken, others, through } = verified;
    let title = if broken.is_empty() { "Breaks:" } else { "Other breaks:" };
    let others = (!others.is_empty()).then(|| {
        let item = |text: String| view! { <li>{text}</li> }.into_any();
        let items = others.into_iter().map(item).collect_view();
        view! {
            <p class="breaks-title">{title}</p>
            <ul class="points breaks">{items}</ul>
        }
        .into_any()
    });
    if broken.is_empty() {
        let words = format!("Chain verified through entry {through}.");
        return view! { <p class="chain chain-whole">{icon(Icon::Check)} {words}</p> {others} }
            .into_any();
    }
    view! {
        <div class="notice notice-danger">
            {icon(Icon::Warning)}
            <div class="notice-body">
                <p class="notice-title">{broken}</p>
                {others}
            </div>
        </div>
    }
    .into_any()
}
