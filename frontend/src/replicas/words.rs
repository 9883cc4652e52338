//! Sentences about servers. Pure.

use time::OffsetDateTime;

use crate::clock;
use crate::replicas::standing::{Lease, Standing};
use crate::text::plural;

/// What a lease means, with its numbers.
pub fn lease(terms: Lease) -> String {
    let lease = span(terms.lease_ms);
    let goes_on = match terms.without_database_ms {
        0 => "stops when its lease ends".to_owned(),
        more => format!("goes on for {} more and then stops", span(more)),
    };
    format!(
        "A lease lets a server accept keys for {lease} at a time, and is renewed at the database. \
         A server that cannot renew it {goes_on}, so a deleted key is refused everywhere within {}.",
        span(terms.whole_ms())
    )
}

/// `3 servers, all of them answer`.
pub fn summary(standings: &[Standing]) -> String {
    let all = i64::try_from(standings.len()).unwrap_or(i64::MAX);
    let silent = standings.iter().filter(|it| **it != Standing::Active).count();
    match (all, silent) {
        (1, 0) => "1 server, and it answers.".to_owned(),
        (_, 0) => format!("{}, all of them answer.", plural(all, "server")),
        (1, _) => "The only server is silent.".to_owned(),
        (_, 1) => format!("1 of {all} servers is silent."),
        _ => format!("{silent} of {all} servers are silent."),
    }
}

/// What is shown was seen then, and could not be renewed.
pub fn stale(why: &str, seen_at: OffsetDateTime) -> String {
    format!("Not up to date since {}. {why}", clock::time(seen_at))
}

/// How far a server is behind the newest change.
pub fn lag(behind: i64) -> String {
    if behind == 0 {
        "up to date".to_owned()
    } else {
        format!("{} behind", plural(behind, "change"))
    }
}

/// What goes on, to a tenth of a second while it is short: `4.2 s`, with a no-break space.
pub fn lasting(ms: u64) -> String {
    if ms < 10_000 { format!("{}.{}\u{a0}s", ms / 1000, ms % 1000 / 100) } else { span(ms) }
}

/// `5 s`, `10 minutes`.
fn span(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
    match seconds {
        0..120 => format!("{seconds}\u{a0}s"),
        120..7200 => plural(seconds / 60, "minute"),
        7200..172_800 => plural(seconds / 3600, "hour"),
        _ => plural(seconds / 86_400, "day"),
    }
}

/// Without the date on the same day.
pub fn time_of(at: OffsetDateTime, now: OffsetDateTime) -> String {
    if at.date() == now.date() { clock::time(at) } else { clock::second(at) }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_lease_is_explained_with_its_numbers() {
        let says = |without_database_ms| lease(Lease { lease_ms: 5000, without_database_ms });
        assert_eq!(
            says(0),
            "A lease lets a server accept keys for 5\u{a0}s at a time, and is renewed at the database. \
             A server that cannot renew it stops when its lease ends, so a deleted key is refused \
             everywhere within 5\u{a0}s."
        );
        assert!(says(600_000).contains("goes on for 10 minutes more and then stops"));
        assert!(says(30_000).ends_with("within 35\u{a0}s."));
    }

    #[test]
    fn the_summary_counts_the_silent() {
        let silent = Standing::Silent { silent_ms: 3000, left_ms: 2000 };
        let says = |standings: &[Standing]| summary(standings);
        assert_eq!(says(&[Standing::Active]), "1 server, and it answers.");
        assert_eq!(says(&[Standing::Active; 3]), "3 servers, all of them answer.");
        assert_eq!(says(&[Standing::Active, silent]), "1 of 2 servers is silent.");
        assert_eq!(says(&[silent, Standing::Active, silent]), "2 of 3 servers are silent.");
    }

    #[test]
    fn what_is_short_has_tenths() {
        let cases = [
            (0, "0.0\u{a0}s"),
            (4250, "4.2\u{a0}s"),
            (12_900, "12\u{a0}s"),
            (125_000, "2 minutes"),
        ];
        for (ms, text) in cases {
            assert_eq!(lasting(ms), text);
        }
        assert_eq!(lasting(2 * 86_400_000), "2 days");
        assert_eq!([lag(0), lag(1), lag(2)], ["up to date", "1 change behind", "2 changes behind"]);
    }

    #[test]
    fn a_time_of_today_needs_no_date() {
        let at = datetime!(2026-11-22 07:19:03 UTC);
        assert_eq!(time_of(at, datetime!(2026-11-22 23:00 UTC)), "07:19:03");
        assert_eq!(time_of(at, datetime!(2026-11-23 01:00 UTC)), "22 Nov 2026, 07:19:03");
    }
}
