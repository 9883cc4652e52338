//! The list of expiries, and the date field that one of them opens.

use leptos::prelude::*;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::clock;
use crate::components::field::FieldError;
use crate::components::select::select;
use crate::erased::when;
use crate::ids::unique_id;
use crate::keys::expiry::{CHOICES, Expiry};

#[derive(Clone, Copy)]
pub struct ExpiryChoice {
    value: RwSignal<String>,
    /// The value of the date field, `2026-11-22`.
    date: RwSignal<String>,
    pub error: RwSignal<Option<String>>,
}

/// The choice is invalid, and the form says why.
pub struct Refused;

impl ExpiryChoice {
    /// The choice that stands for the present expiry.
    pub fn of(expires_at: Option<OffsetDateTime>) -> Self {
        let (value, date) = match expires_at {
            Some(end) => ("date", clock::date_field(clock::local(end).date())),
            None => ("never", String::new()),
        };
        Self {
            value: RwSignal::new(value.to_owned()),
            date: RwSignal::new(date),
            error: RwSignal::new(None),
        }
    }

    pub fn resolve(self) -> Result<Option<OffsetDateTime>, Refused> {
        let expiry = Expiry::from_value(&self.value.read_untracked());
        match expiry.resolve(&self.date.read_untracked(), clock::read(), end_of) {
            Ok(end) => {
                self.error.set(None);
                Ok(end)
            }
            Err(sentence) => {
                self.error.set(Some(sentence.to_owned()));
                Err(Refused)
            }
        }
    }
}

/// The last second of a day in the time zone of this browser, so that the list names that day.
fn end_of(day: Date) -> Option<OffsetDateTime> {
    let end = day.with_hms(23, 59, 59).ok()?.assume_utc();
    // The offset near that instant: wrong only in the night of a clock change.
    let offset = clock::local(end).offset();
    Some(end.replace_offset(offset).to_offset(UtcOffset::UTC))
}

#[component]
pub fn ExpiryFields(choice: ExpiryChoice) -> impl IntoView {
    let has_date = move || Expiry::from_value(&choice.value.read()) == Expiry::OnDate;
    let lines = CHOICES.map(|(_, value, label)| (value.to_owned(), label.to_owned()));
    view! {
        // The error of one choice does not apply to another.
        <div class="field-row" on:change=move |_| choice.error.set(None)>
            {select("Expires", lines.into(), choice.value)}
            {when(has_date, move || view! { <DateField choice/> }.into_any())}
        </div>
        {when(
            move || !has_date() && choice.error.read().is_some(),
            move || view! { <FieldError id=unique_id() error=choice.error/> }.into_any(),
        )}
    }
}

#[component]
fn DateField(choice: ExpiryChoice) -> impl IntoView {
    let id = unique_id();
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = format!("{hint_id} {error_id}");
    let today = clock::date_field(clock::local(clock::read()).date());
    view! {
        <div class="field">
            <label for=id.clone()>"Expiry date"</label>
            <input
                id=id
                type="date"
                min=today
                aria-describedby=described
                aria-invalid=move || choice.error.read().is_some().then_some("true")
                prop:value=move || choice.date.get()
                on:input=move |event| choice.date.set(event_target_value(&event))
            />
            <p class="hint" id=hint_id>"Works until the end of that day."</p>
            <FieldError id=error_id error=choice.error/>
        </div>
    }
}
