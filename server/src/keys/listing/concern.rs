//! What about a key may need a person. Pure.

use keyward_api::key_list::{KeyConcern, KeyStatus, SOON, UNUSED};
use time::Duration;

use super::table::{Entry, NEVER};

/// Whether this is so of a key at `now`. Only of one that is accepted.
pub(super) fn concerns(entry: &Entry, concern: KeyConcern, now: i64) -> bool {
    entry.status(now) == KeyStatus::Active
        && match concern {
            KeyConcern::ExpiresSoon => expires_soon(entry, now),
            KeyConcern::NeverExpires => entry.expires_at == NEVER,
            KeyConcern::WritesForever => entry.expires_at == NEVER && entry.may_change,
            KeyConcern::Unused => is_unused(entry, now),
            KeyConcern::Overlapping => entry.overlap_ends_at > now,
        }
}

fn expires_soon(entry: &Entry, now: i64) -> bool {
    entry.expires_at != NEVER && entry.expires_at <= now.saturating_add(micros(SOON))
}

fn is_unused(entry: &Entry, now: i64) -> bool {
    let since = now.saturating_sub(micros(UNUSED));
    entry.created_at < since && !was_used(entry, since)
}

/// Whether its last use was at this time or later.
pub(super) fn was_used(entry: &Entry, since: i64) -> bool {
    entry.last_used_at != NEVER && entry.last_used_at >= since
}

fn micros(span: Duration) -> i64 {
    span.whole_seconds().saturating_mul(1_000_000)
}
