//! An instant: short in the table, exact on hover and focus.

use leptos::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock;

/// How the short text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// `3 minutes ago`.
    Relative,
    /// `22 Nov 2026`.
    Date,
}

/// A `<time>` that can be focused, since a tooltip for the mouse alone would keep the
/// exact time from people who use the keyboard.
#[component]
pub fn Instant(at: OffsetDateTime, short: Short) -> impl IntoView {
    let local = clock::local(at);
    let now = clock::now();
    let text = move || match short {
        Short::Relative => clock::relative(at, now.get()),
        Short::Date => clock::date(local),
    };
    view! {
        <span class="tip" tabindex="0">
            <time datetime=at.format(&Rfc3339).unwrap_or_default()>{text}</time>
            <span class="tip-text" role="tooltip">{clock::exact(local)}</span>
        </span>
    }
}
