//! The line that says whether the log is as it was written.

use leptos::prelude::*;

use crate::audit::store::Audit;
use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::http::Body;
use crate::json::Json;
use crate::load::Shown;
use crate::text::grouped;

/// The line. Each entry is chained to the one before it, so it can be told.
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
    view! { <div class="chain-place" role="status">{line}</div> }
}

/// So many breaks are named.
const NAMED: u32 = 5;

/// What the server found; the type of the answer is `AuditVerification`.
#[derive(Clone)]
pub struct Verified {
    is_valid: bool,
    /// The first break that is not acknowledged.
    broken: (u64, String),
    /// How far it goes, and the breaks.
    words: String,
}

impl Verified {
    /// Reads the answer. What does not say that the log is valid is reported as a break.
    pub fn read(body: &Body) -> Option<Self> {
        let data = body.json.member("data");
        let number = |name| data.member(name).number().ok().map(grouped);
        let mut words = format!("Chain verified through entry {}.", number("verified")?);
        let breaks = data.member("breaks");
        if !breaks.is_empty_list() {
            words = format!("{words} Breaks: {}.", number("totalBreaks")?);
        }
        for one in breaks.items(NAMED) {
            let known =
                if one.member("acknowledged").0.is_object() { " (acknowledged)" } else { "" };
            let (seq, reason) = entry(&one);
            words = format!("{words} {}: {reason}{known}.", grouped(seq));
        }
        let is_valid = data.member("valid").0.as_bool() == Some(true);
        Some(Self { is_valid, broken: entry(&data.member("broken")), words })
    }
}

fn entry(json: &Json) -> (u64, String) {
    let seq = json.member("seq").number().unwrap_or_default();
    (seq, json.member("reason").text().unwrap_or_default())
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
