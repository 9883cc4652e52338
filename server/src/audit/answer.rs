//! What is stored and what was found, as it crosses the wire.

use keyward_api::audit::{
    AuditAcknowledgement, AuditActor, AuditActorKind, AuditBreak, AuditEntry, AuditOutcome,
    AuditVerification, BrokenEntry,
};
use time::OffsetDateTime;

use super::breaks::{Acknowledgement, Break, Verification};
use super::entity::log;

/// So many breaks are listed; the others are counted.
const LISTED: usize = 1_000;

pub fn verification(found: &Verification) -> AuditVerification {
    let broken = found
        .broken()
        .map(|it| BrokenEntry { seq: number(it.seq), reason: it.reason.clone().into_owned() });
    AuditVerification {
        valid: found.is_valid(),
        verified: number(found.verified()),
        broken,
        breaks: found.breaks.iter().take(LISTED).map(a_break).collect(),
        total_breaks: found.total,
    }
}

fn a_break(it: &Break) -> AuditBreak {
    let acknowledged = it.acknowledged.as_ref().map(|known| {
        let Acknowledgement { by, because, time: at } = known;
        AuditAcknowledgement { by: by.clone(), because: because.clone(), time: time(*at) }
    });
    AuditBreak { seq: number(it.seq), reason: it.reason.clone().into_owned(), acknowledged }
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
