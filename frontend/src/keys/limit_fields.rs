//! The fields that limit how often a key is accepted, and from where.

use keyward_api::limits::{RateLimit, Requests, WindowSeconds};
use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::field::{Input, LINES, TextField, Typed};
use crate::components::select::select;
use crate::erased::effect;
use crate::ids::unique_id;
use crate::keys::limits::{
    Limits, WINDOWS, in_seconds, named, network_sentence, networks, rate_sentence,
};

const REQUESTS: Input = Input {
    html_type: "number",
    name: "requests",
    autocomplete: "off",
    placeholder: "e.g. 100",
    hint: "Empty for no limit.",
};
const NETWORKS: Input = Input {
    html_type: LINES,
    name: "networks",
    autocomplete: "off",
    placeholder: "",
    hint: "One network or address a line, like 10.0.0.0/8. Empty for everywhere.",
};

#[derive(Clone, Copy)]
pub struct LimitChoice {
    requests: Typed,
    /// In seconds.
    window: RwSignal<String>,
    networks: Typed,
}

impl LimitChoice {
    /// The choice that stands for the present limits.
    pub fn of(limits: Limits) -> Self {
        let requests = limits.rate.map(|rate| rate.requests.get().to_string());
        let window = limits.rate.map_or(60, |rate| rate.window_seconds.get());
        Self {
            requests: Typed::of(requests.unwrap_or_default()),
            window: RwSignal::new(window.to_string()),
            networks: Typed::of(limits.networks.join("\n")),
        }
    }

    /// `None` after the errors are shown. The server parses the networks.
    pub fn resolve(self) -> Option<Limits> {
        self.networks.error.set(None);
        let networks = networks(&self.networks.text.read_untracked());
        if self.requests.text.read_untracked().trim().is_empty() {
            self.requests.error.set(None);
            return Some(Limits { rate: None, networks });
        }
        let requests = self.requests.check(Requests::try_from)?;
        let window_seconds = WindowSeconds::try_from(self.window.get_untracked()).ok()?;
        Some(Limits { rate: Some(RateLimit { requests, window_seconds }), networks })
    }

    /// Shows what the server said about the limits; whether it said anything. The form may be gone.
    pub fn show(self, error: &ClientError) -> bool {
        let sent = networks(&self.networks.text.try_get_untracked().unwrap_or_default());
        let rate = error.problem().and_then(rate_sentence);
        let network = error.problem().and_then(|problem| network_sentence(problem, &sent));
        let is_shown = rate.is_some() || network.is_some();
        self.requests.error.set(rate);
        self.networks.error.set(network);
        is_shown
    }
}

pub fn fields(choice: LimitChoice) -> AnyView {
    let LimitChoice { requests, window, networks } = choice;
    let mut windows: Vec<_> =
        WINDOWS.iter().map(|(seconds, unit)| (seconds.to_string(), (*unit).to_owned())).collect();
    // A window without a name was set by a program; keep it.
    let seconds = window.get_untracked();
    if let Ok(other) = seconds.parse::<u32>()
        && named(other).is_none()
    {
        windows.push((seconds, in_seconds(other)));
    }
    view! {
        <div class="field-row">
            <TextField label="Requests" input=REQUESTS value=requests.text error=requests.error/>
            {select("Per", windows, window)}
        </div>
        <TextField label="Allowed networks" input=NETWORKS value=networks.text error=networks.error/>
    }
    .into_any()
}

/// Folded until the person opens it or an error is in it.
pub fn folded(choice: LimitChoice) -> AnyView {
    let id = unique_id();
    let details = id.clone();
    effect(move || {
        let [rate, networks] =
            [choice.requests, choice.networks].map(|one| one.error.read().is_some());
        if (rate || networks)
            && let Some(details) = document().get_element_by_id(&details)
        {
            // Fails only for malformed names.
            let _ = details.set_attribute("open", "");
        }
    });
    view! {
        <details class="folded" id=id>
            <summary>"Limits"</summary>
            {fields(choice)}
        </details>
    }
    .into_any()
}
