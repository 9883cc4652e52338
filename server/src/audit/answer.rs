//! What is stored and what was found, as it crosses the wire.

use keyward_api::audit::{
    AuditAcknowledgement, AuditActor, AuditActorKind, AuditBreak, AuditEntry, AuditOutcome,
    AuditVerification, BrokenEntry,
};
use time::OffsetDateTime;

use super::breaks::{Acknowledgement, Break, Verification};
use super::entity::log;
use super::reason::intact;

/// So many breaks are listed; the others are counted.
const LISTED: usize = 1_000;

pub fn verification(found: &Verification) -> AuditVerification {
    AuditVerification {
        valid: found.is_valid(),
        verified: number(found.verified()),
        broken: broken(found),
        breaks: found.breaks.iter().take(LISTED).map(a_break).collect(),
        total_breaks: found.total,
    }
}

/// The first break that nobody knows of, and what is intact before it.
pub fn broken(found: &Verification) -> Option<BrokenEntry> {
    let it = found.broken()?;
    let is_known = found.breaks.iter().any(|other| other.seq < it.seq);
    let intact = intact(found.first, it.seq, is_known);
    let BrokenEntry { seq, reason } = one(it);
    Some(BrokenEntry { seq, reason: [Some(reason), intact].into_iter().flatten().collect() })
}

/// One break, by itself.
pub fn one(it: &Break) -> BrokenEntry {
    BrokenEntry { seq: number(it.seq), reason: it.reason.sentence(it.seq) }
}

fn a_break(it: &Break) -> AuditBreak {
    let acknowledged = it.acknowledged.as_ref().map(|known| {
        let Acknowledgement { by, because, time: at } = known;
        AuditAcknowledgement { by: by.clone(), because: because.clone(), time: time(*at) }
    });
    AuditBreak { seq: number(it.seq), reason: it.reason.sentence(it.seq), acknowledged }
}

pub fn entry(row: log::Model) -> AuditEntry {
    let kind = match row.actor_kind.as_str() {
        "user" => AuditActorKind::User,
        "key" => AuditActorKind::Key,
        "command" => AuditActorKind::Command,
        "system" => AuditActorKind::System,
        _ => AuditActorKind::Anonymous,
    };
    AuditEntry {
        seq: number(row.seq),
        time: time(row.time),
        actor: AuditActor { kind, id: row.actor_id, name: row.actor_name },
        action: row.action,
        target: row.target,
        outcome: match row.outcome.as_str() {
            "success" => AuditOutcome::Success,
            _ => AuditOutcome::Refused,
        },
        detail: row.detail,
        request_id: row.request_id,
        address: row.address,
    }
}

fn number(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// A row that was changed from outside may hold any number; the check tells.
fn time(micros: i64) -> OffsetDateTime {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000);
    time.unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
