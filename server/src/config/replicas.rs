//! How long a server accepts keys after it last heard of the store.

use std::time::Duration;

use keyward_core::lease::Terms;

use super::source::{ConfigError, Environment};
use super::values::variable;

const LEASE: &str = "KEYWARD_LEASE";
const WITHOUT_DATABASE: &str = "KEYWARD_WITHOUT_DATABASE";

/// The terms of the leases; only several servers on PostgreSQL go by them.
pub fn load_terms(env: Environment<'_>) -> Result<Terms, ConfigError> {
    let lease = match variable(env, LEASE) {
        None => Terms::default().lease(),
        Some(text) => duration(LEASE, &text, "a time from 1s to 60s")?,
    };
    let alone = match variable(env, WITHOUT_DATABASE).as_deref() {
        None | Some("refuse") => Duration::ZERO,
        Some(text) => {
            let expected = "refuse, or serve: and a time of at most 24h, such as serve:10m";
            let time =
                text.strip_prefix("serve:").ok_or_else(|| wrong(WITHOUT_DATABASE, expected))?;
            duration(WITHOUT_DATABASE, time, expected)?
        }
    };
    // One of them at a time, so that the error names the right one.
    let is_lease_good = Terms::new(lease, Duration::ZERO).is_ok();
    let name = if is_lease_good { WITHOUT_DATABASE } else { LEASE };
    Terms::new(lease, alone).map_err(|error| ConfigError::new(name, format!("is wrong: {error}")))
}

fn duration(name: &str, text: &str, expected: &str) -> Result<Duration, ConfigError> {
    humantime::parse_duration(text.trim()).map_err(|_| wrong(name, expected))
}

fn wrong(name: &str, expected: &str) -> ConfigError {
    ConfigError::new(name, format!("is wrong: expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<(u64, u64), String> {
        let env = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        };
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap();
        let terms = load_terms(&env).map_err(|error| error.to_string())?;
        Ok((millis(terms.lease()), millis(terms.alone())))
    }

    #[test]
    fn a_server_goes_on_without_the_database_only_when_that_is_asked_for() {
        assert_eq!(load(&[]), Ok((5_000, 0)));
        assert_eq!(load(&[(WITHOUT_DATABASE, "refuse")]), Ok((5_000, 0)));
        assert_eq!(load(&[(WITHOUT_DATABASE, "serve:10m")]), Ok((5_000, 600_000)));
        assert_eq!(load(&[(LEASE, "1500ms"), (WITHOUT_DATABASE, "serve: 1s")]), Ok((1_500, 1_000)));
    }

    #[test]
    fn what_is_wrong_names_its_variable() {
        for (name, text) in [
            (LEASE, "0s"),
            (LEASE, "61s"),
            (LEASE, "5"),
            (LEASE, "five"),
            (WITHOUT_DATABASE, "serve"),
            (WITHOUT_DATABASE, "serve:"),
            (WITHOUT_DATABASE, "serve:25h"),
            (WITHOUT_DATABASE, "on"),
        ] {
            let refusal = load(&[(name, text)]).unwrap_err();
            assert!(refusal.starts_with(&format!("{name} is wrong: ")), "{text}: {refusal}");
        }
    }
}
