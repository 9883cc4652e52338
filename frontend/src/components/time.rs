//! An instant: short in the table, exact on hover and focus.

use leptos::prelude::*;
use time::OffsetDateTime;

use crate::clock;
use crate::context::context;

/// How the short text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// `3 minutes ago`.
    Relative,
    /// `22 Nov 2026`.
    Date,
    /// `22 Nov 2026, 07:19:03`.
    Second,
}

/// Can be focused, so that the exact time is not for the mouse alone.
#[component]
pub fn Instant(
    at: OffsetDateTime,
    short: Short,
    /// A row of a long list has at most three tab stops.
    #[prop(default = true)]
    is_tab_stop: bool,
) -> impl IntoView {
    let local = clock::local(at);
    let now = context().now;
    let text = move || match short {
        Short::Relative => clock::relative(at, now.get()),
        Short::Date => clock::date(local),
        Short::Second => clock::second(local),
    };
    view! {
        <span class="tip" tabindex=is_tab_stop.then_some("0")>
            <time datetime=clock::rfc3339(at)>{text}</time>
            <span class="tip-text" role="tooltip">{clock::exact(local)}</span>
        </span>
    }
}
