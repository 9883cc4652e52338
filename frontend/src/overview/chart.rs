//! The verifications of a day: bars, and the table behind them.

use keyward_api::overview::VerificationHour;
use leptos::prelude::*;

use crate::clock;
use crate::erased::live;
use crate::overview::store::OverviewStore;
use crate::text::grouped;

/// Width of the place of an hour, and height of the whole, in units of the drawing.
const PLACE: usize = 10;
const HEIGHT: u64 = 100;

/// Hours between two labels.
const LABEL_EVERY: usize = 6;

pub fn chart(store: OverviewStore) -> AnyView {
    let hours = store.part(|overview| overview.verifications.clone());
    let is_table_shown = RwSignal::new(false);
    let toggle = move |event: web_sys::Event| {
        let details = event_target::<web_sys::Element>(&event);
        is_table_shown.set(details.has_attribute("open"));
    };
    let body = live(move || {
        let hours = hours.get();
        let (accepted, refused) = totals(&hours);
        if accepted + refused == 0 {
            return view! { <p class="quiet">"No key was presented in the last 24 hours."</p> }
                .into_any();
        }
        view! {
            <p class="chart-legend">
                <span class="chart-key is-accepted">{grouped(accepted)} " accepted"</span>
                <span class="chart-key is-refused">{grouped(refused)} " refused"</span>
            </p>
            {drawing(&hours)}
            <details class="folded" open=is_table_shown.get_untracked() on:toggle=toggle>
                <summary>"Show as table"</summary>
                {table(&hours)}
            </details>
        }
        .into_any()
    });
    view! {
        <section aria-labelledby="chart-title">
            <h2 id="chart-title">"Verifications, last 24 hours"</h2>
            {body}
        </section>
    }
    .into_any()
}

fn totals(hours: &[VerificationHour]) -> (u64, u64) {
    let add = |(accepted, refused), hour: &VerificationHour| {
        (accepted + hour.accepted, refused + hour.refused)
    };
    hours.iter().fold((0, 0), add)
}

/// `14:00`.
fn hour_of(hour: &VerificationHour) -> String {
    let (hour, minute, _) = clock::local(hour.start).to_hms();
    format!("{hour:02}:{minute:02}")
}

/// The refused ones stand on the accepted ones, striped, so that no colour is needed.
fn drawing(hours: &[VerificationHour]) -> AnyView {
    let most = hours.iter().map(|hour| hour.accepted + hour.refused).max().unwrap_or_default();
    let bar = |(index, hour): (usize, &VerificationHour)| {
        let (accepted, refused) = heights(hour.accepted, hour.refused, most);
        let x = index * PLACE + 1;
        let words = format!(
            "{}: {} accepted, {} refused",
            hour_of(hour),
            grouped(hour.accepted),
            grouped(hour.refused)
        );
        let rect = |class, y: u64, height: u64| {
            view! { <rect class=class x=x y=y width=PLACE - 2 height=height></rect> }.into_any()
        };
        view! {
            <g>
                <title>{words}</title>
                {rect("bar-place", 0, HEIGHT)}
                {rect("bar-accepted", HEIGHT - accepted, accepted)}
                {rect("bar-refused", HEIGHT - accepted - refused, refused)}
            </g>
        }
        .into_any()
    };
    let bars = hours.iter().enumerate().map(bar).collect_view();
    let (accepted, refused) = totals(hours);
    let says = format!(
        "Bars for each of the last 24 hours: {} accepted and {} refused in all, at most {} in an hour.",
        grouped(accepted),
        grouped(refused),
        grouped(most)
    );
    let label = |hour: &VerificationHour| view! { <span>{hour_of(hour)}</span> }.into_any();
    let labels = hours.iter().step_by(LABEL_EVERY).map(label).collect_view();
    let size = format!("0 0 {} {HEIGHT}", hours.len() * PLACE);
    view! {
        <div class="chart">
            <span class="chart-most" aria-hidden="true">{grouped(most)}</span>
            <svg viewBox=size preserveAspectRatio="none" role="img" aria-label=says>
                <defs>
                    <pattern id="stripes" width="4" height="4" patternUnits="userSpaceOnUse">
                        <rect class="stripe-ground" width="4" height="4"></rect>
                        <rect class="stripe" width="4" height="2"></rect>
                    </pattern>
                </defs>
                {bars}
            </svg>
            <div class="chart-hours" aria-hidden="true">{labels} <span>"now"</span></div>
        </div>
    }
    .into_any()
}

/// Of both parts of a bar: what is not zero can be seen, and nothing is taller than the drawing.
fn heights(accepted: u64, refused: u64, most: u64) -> (u64, u64) {
    let least = 3;
    let height = |number: u64| match number {
        0 => 0,
        // In 128 bits: a count may be any.
        number => {
            let exact = u128::from(number) * u128::from(HEIGHT) / u128::from(most.max(1));
            u64::try_from(exact).unwrap_or(HEIGHT).max(least)
        }
    };
    let refused = height(refused);
    (height(accepted).min(HEIGHT - refused), refused)
}

fn table(hours: &[VerificationHour]) -> AnyView {
    let row = |hour: &VerificationHour| {
        view! {
            <tr>
                <th scope="row">{hour_of(hour)}</th>
                <td>{grouped(hour.accepted)}</td>
                <td>{grouped(hour.refused)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <table class="chart-table">
            <thead><tr><th scope="col">"Hour from"</th><th scope="col">"Accepted"</th><th scope="col">"Refused"</th></tr></thead>
            <tbody>{hours.iter().rev().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::heights;

    #[test]
    fn what_is_there_can_be_seen_and_fits() {
        assert_eq!(heights(0, 0, 0), (0, 0));
        assert_eq!(heights(100, 0, 100), (100, 0));
        assert_eq!(heights(1, 0, 1_000_000), (3, 0));
        assert_eq!(heights(1_000_000, 1, 1_000_001), (97, 3));
        assert_eq!(heights(50, 50, 100), (50, 50));
        assert_eq!(heights(u64::MAX, 0, u64::MAX), (100, 0));
    }
}
