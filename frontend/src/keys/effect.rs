//! Where a change that takes authority away is in effect, in words. Pure.

use keyward_api::replicas::Effective;

use crate::text::plural;

/// `Revoked on all 3 servers in 18 ms`. One server alone is nothing to speak of.
pub fn on_servers(did: &str, effective: &Effective) -> Option<String> {
    let Effective { acknowledged, fenced, waited_ms, .. } = *effective;
    match (acknowledged, fenced) {
        (0 | 1, 0) => None,
        (all, 0) => Some(format!("{did} on all {all} servers in {}", waited(waited_ms))),
        (some, lost) => {
            let servers = plural(some.into(), "server");
            Some(format!(
                "{did} on {servers}; {lost} did not answer and can accept nothing any more"
            ))
        }
    }
}

/// Of changes that were made one after the other. A server that one of them fenced is no server to
/// the next.
pub fn together(all: impl IntoIterator<Item = Effective>) -> Option<Effective> {
    all.into_iter().reduce(|before, next| Effective {
        generation: before.generation.max(next.generation),
        acknowledged: before.acknowledged.min(next.acknowledged),
        fenced: before.fenced + next.fenced,
        waited_ms: before.waited_ms + next.waited_ms,
    })
}

fn waited(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective(acknowledged: u32, fenced: u32, waited_ms: u64) -> Effective {
        Effective { generation: 7, acknowledged, fenced, waited_ms }
    }

    #[test]
    fn the_sentence_counts_servers_and_names_the_wait() {
        let says = |acknowledged, fenced, waited_ms| {
            on_servers("Revoked", &effective(acknowledged, fenced, waited_ms))
        };
        assert_eq!(says(3, 0, 18).as_deref(), Some("Revoked on all 3 servers in 18 ms"));
        assert_eq!(says(2, 0, 1940).as_deref(), Some("Revoked on all 2 servers in 1.9 s"));
        for (some, lost, text) in [
            (2, 1, "Revoked on 2 servers; 1 did not answer and can accept nothing any more"),
            (1, 2, "Revoked on 1 server; 2 did not answer and can accept nothing any more"),
        ] {
            assert_eq!(says(some, lost, 5012).as_deref(), Some(text));
        }
    }

    #[test]
    fn one_server_alone_is_not_spoken_of() {
        for alone in [effective(1, 0, 0), effective(1, 0, 12), effective(0, 0, 0)] {
            assert_eq!(on_servers("Revoked", &alone), None);
        }
    }

    #[test]
    fn several_changes_are_in_effect_where_each_of_them_is() {
        let all = [effective(2, 1, 5012), effective(2, 0, 18), effective(3, 0, 20)];
        assert_eq!(together(all), Some(effective(2, 1, 5050)));
        assert_eq!(together([]), None);
    }
}
