//! The banner of a value that is shown once, the only place that shows one.
//!
//! 1. A value that was not copied goes only on the second activation of `Dismiss`.
//! 2. A copied one folds to a line a moment later, so that the second click of a double click
//!    meets nothing that was not there; the button that ends it stays where it is.

use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::context::context;
use crate::erased::{memo, when};
use crate::focus::focus;
use crate::one_time::OneTimeValues;

const COPIED: &str = "Copied.";

/// After it was copied.
const FOLDS_AFTER: Duration = Duration::from_secs(1);

/// What differs between these banners.
pub struct Banner {
    /// What it is, before its name: several banners are several landmarks.
    pub label: &'static str,
    /// What shows the value of a folded banner again, and hides it.
    pub unfold: [&'static str; 2],
    /// The value, for the banner with this id; the callback is to run when it was copied.
    pub fields: fn(OneTimeValues, StoredValue<String>, Callback<()>) -> AnyView,
}

/// `on_end` moves the focus when the banner goes.
pub fn banner(of: &'static Banner, id: StoredValue<String>, on_end: Callback<()>) -> AnyView {
    let one_time = context().one_time;
    // A screen reader reads a live region when its text changes, not when it is inserted.
    let announced = RwSignal::new(String::new());
    let announce = move || {
        if let Some(id) = id.try_get_value() {
            let is_copied = untrack(|| one_time.is_copied(&id));
            let sentence = untrack(|| one_time.sentence(&id));
            announced.set(if is_copied { COPIED.to_owned() } else { sentence });
        }
    };
    set_timeout(announce, Duration::from_millis(50));
    let is_folded = RwSignal::new(untrack(|| one_time.is_copied(&id.read_value())));
    let end = NodeRef::<html::Button>::new();
    let copied = Callback::new(move |()| {
        one_time.mark_copied(&id.read_value());
        set_timeout(move || fold(is_folded, announced, end), FOLDS_AFTER);
    });
    let label = move || format!("{} {}", of.label, one_time.name(&id.read_value()));
    view! {
        <section class="banner" class:is-folded=move || is_folded.get() aria-label=label>
            <div class="banner-head">
                {icon(Icon::Check)}
                <div class="banner-words">
                    <p class="banner-sentence" role="status">{move || announced.get()}</p>
                    <p class="banner-name">{move || one_time.name(&id.read_value())}</p>
                </div>
                {unfold(of, one_time, id, is_folded)}
                {end_button(id, end, on_end)}
            </div>
            {when(move || !is_folded.get(), move || (of.fields)(one_time, id, copied))}
        </section>
    }
    .into_any()
}

/// The banner may be gone, or the person may have gone on to another field of it.
fn fold(is_folded: RwSignal<bool>, announced: RwSignal<String>, end: NodeRef<html::Button>) {
    let Some(end) = end.try_get_untracked().flatten() else { return };
    let had_focus = end
        .closest(".banner")
        .ok()
        .flatten()
        .zip(document().active_element())
        .is_some_and(|(banner, active)| banner.contains(Some(&active)));
    announced.try_set(COPIED.to_owned());
    is_folded.try_set(true);
    if had_focus {
        focus(Some(&end));
    }
}

/// Shows the value of a folded banner again, and hides it.
fn unfold(
    of: &'static Banner,
    one_time: OneTimeValues,
    id: StoredValue<String>,
    is_folded: RwSignal<bool>,
) -> AnyView {
    let is_copied = move || one_time.is_copied(&id.read_value());
    when(is_copied, move || {
        view! {
            <button
                type="button"
                class="button button-quiet"
                aria-expanded=move || if is_folded.get() { "false" } else { "true" }
                on:click=move |_| is_folded.update(|folded| *folded = !*folded)
            >
                {move || of.unfold[usize::from(!is_folded.get())]}
            </button>
        }
        .into_any()
    })
}

/// Takes the value from the page: at once when it was copied, else on the second activation.
fn end_button(
    id: StoredValue<String>,
    node_ref: NodeRef<html::Button>,
    on_end: Callback<()>,
) -> AnyView {
    let one_time = context().one_time;
    let is_armed = RwSignal::new(false);
    let is_copied = memo(move || one_time.is_copied(&id.read_value()));
    let says = move || match (is_copied.get(), is_armed.get()) {
        (true, _) => "Done",
        (false, false) => "Dismiss",
        (false, true) => "Dismiss without copying?",
    };
    let activate = move |event: ev::MouseEvent| {
        // The second click of a double click confirms nothing.
        if event.detail() > 1 {
            return;
        }
        if is_copied.get_untracked() || is_armed.get_untracked() {
            one_time.dismiss(&id.get_value());
            on_end.run(());
        } else {
            is_armed.set(true);
        }
    };
    let disarm_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            is_armed.set(false);
        }
    };
    view! {
        <button
            type="button"
            class="button button-end"
            class:is-armed=move || is_armed.get() && !is_copied.get()
            node_ref=node_ref
            on:click=activate
            on:keydown=disarm_on_escape
            on:blur=move |_| _ = is_armed.try_set(false)
        >
            <span aria-live="polite">{move || says()}</span>
        </button>
    }
    .into_any()
}
