//! How often a key is accepted and from where, in words and back from them. Pure.

use keyward_api::Problem;
use keyward_api::keys::ApiKey;
use keyward_api::limits::RateLimit;

use crate::text::{grouped, plural, quoted};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub rate: Option<RateLimit>,
    /// Empty for everywhere.
    pub networks: Vec<String>,
}

/// The windows that have a name, in seconds.
pub const WINDOWS: [(u32, &str); 4] =
    [(1, "second"), (60, "minute"), (3_600, "hour"), (86_400, "day")];

/// A row lists at most these networks.
const LISTED: usize = 3;

impl Limits {
    pub fn of(key: &ApiKey) -> Self {
        Self { rate: key.rate_limit, networks: key.allowed_networks.clone() }
    }

    /// One line for each limit.
    pub fn in_words(&self) -> Vec<String> {
        let networks = (!self.networks.is_empty()).then(|| origins(&self.networks));
        self.rate.map(rate).into_iter().chain(networks).collect()
    }
}

/// `100 requests per minute`, `100 requests in 90 seconds`.
fn rate(limit: RateLimit) -> String {
    let (requests, seconds) = (limit.requests.get(), limit.window_seconds.get());
    let s = if requests == 1 { "" } else { "s" };
    let requests = grouped(requests.into());
    match named(seconds) {
        Some(unit) => format!("{requests} request{s} per {unit}"),
        None => format!("{requests} request{s} in {}", in_seconds(seconds)),
    }
}

/// The name of a window, if it has one.
pub fn named(seconds: u32) -> Option<&'static str> {
    WINDOWS.iter().find(|(length, _)| *length == seconds).map(|(_, name)| *name)
}

/// A window without a name.
pub fn in_seconds(seconds: u32) -> String {
    plural(seconds.into(), "second")
}

/// `from 10.0.0.0/8, 192.168.0.0/16 and 3 more`.
fn origins(networks: &[String]) -> String {
    let listed = &networks[..networks.len().min(LISTED)];
    let text = format!("from {}", listed.join(", "));
    match networks.len() - listed.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

pub fn networks(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The sentence of the server about any part of the rate.
pub fn rate_sentence(problem: &Problem) -> Option<String> {
    let (_, sentence) = about(problem, "rateLimit").next()?;
    Some(sentence.to_owned())
}

/// The sentence of the server about the networks, with their names instead of their numbers.
pub fn network_sentence(problem: &Problem, networks: &[String]) -> Option<String> {
    let (_, sentence) = about(problem, "allowedNetworks").next()?;
    let named = about(problem, "allowedNetworks").filter_map(|(part, _)| {
        let number = part.trim_matches(['[', ']']).parse::<u32>().ok()?;
        networks.get(number as usize).map(|network| quoted(network))
    });
    let named = named.collect::<Vec<_>>().join(", ");
    Some(if named.is_empty() { sentence.to_owned() } else { format!("{named}: {sentence}") })
}

/// The errors about a field or a part of it: the part, and the sentence.
fn about<'a>(problem: &'a Problem, field: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let errors = problem.errors.iter();
    errors.filter_map(move |error| Some((error.field.strip_prefix(field)?, &*error.message)))
}

#[cfg(test)]
mod tests {
    use keyward_api::FieldError;
    use keyward_api::limits::{Requests, WindowSeconds};

    use super::*;

    fn limit(requests: u32, seconds: u32) -> String {
        let requests = Requests::new(requests).unwrap();
        let window_seconds = WindowSeconds::new(seconds).unwrap();
        rate(RateLimit { requests, window_seconds })
    }

    fn problem(fields: &[&str]) -> Problem {
        let error = |field: &&str| FieldError {
            field: (*field).to_owned(),
            message: "Sentence".to_owned(),
        };
        let errors = fields.iter().map(error).collect();
        Problem { errors, ..Problem::new(400, "", "", "") }
    }

    #[test]
    fn a_rate_is_said_by_the_name_of_its_window_or_else_in_seconds() {
        for (requests, seconds, text) in [
            (100, 60, "100 requests per minute"),
            (1, 1, "1 request per second"),
            (1_000_000, 86_400, "1\u{a0}000\u{a0}000 requests per day"),
            (100, 90, "100 requests in 90 seconds"),
            (1, 7_200, "1 request in 7200 seconds"),
        ] {
            assert_eq!(limit(requests, seconds), text);
        }
    }

    #[test]
    fn a_row_lists_three_networks_and_counts_the_others() {
        let all = networks("10.0.0.0/8\n\n 192.168.0.0/16 \r\n::1\n");
        assert_eq!(all, ["10.0.0.0/8", "192.168.0.0/16", "::1"]);
        assert_eq!(origins(&all), "from 10.0.0.0/8, 192.168.0.0/16, ::1");
        assert_eq!(origins(&[&all[..], &all[..]].concat()), origins(&all) + " and 3 more");
    }

    #[test]
    fn what_is_not_limited_is_not_said() {
        assert_eq!(Limits::default().in_words(), [] as [String; 0]);
        let limits = Limits { networks: networks("::1"), ..Limits::default() };
        assert_eq!(limits.in_words(), ["from ::1"]);
    }

    #[test]
    fn a_sentence_of_the_server_names_the_networks_it_is_about() {
        let all = networks("10.0.0.0/8\nhome\nwork");
        let say = |fields: &[&str]| network_sentence(&problem(fields), &all);
        let one = "\u{201c}home\u{201d}: Sentence";
        assert_eq!(say(&["name", "allowedNetworks[1]"]).as_deref(), Some(one));
        let two = "\u{201c}home\u{201d}, \u{201c}work\u{201d}: Sentence";
        assert_eq!(say(&["allowedNetworks[1]", "allowedNetworks[2]"]).as_deref(), Some(two));
        assert_eq!(say(&["allowedNetworks[3]"]).as_deref(), Some("Sentence"));
        assert_eq!(say(&["allowedNetworks"]).as_deref(), Some("Sentence"));
        assert_eq!(say(&["rateLimit.requests"]), None);
    }

    #[test]
    fn a_sentence_about_any_part_of_the_rate_is_about_the_rate() {
        for field in ["rateLimit", "rateLimit.requests", "rateLimit.windowSeconds"] {
            assert_eq!(rate_sentence(&problem(&[field])).as_deref(), Some("Sentence"), "{field}");
        }
        assert_eq!(rate_sentence(&problem(&["allowedNetworks"])), None);
    }
}
