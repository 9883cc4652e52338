//! What needs a person, the worst first, each in one sentence. Of one kind there is one item: with
//! one key it names the key, with many it says how many. Pure.

use keyward_api::audit::BrokenEntry;
use keyward_api::keys::ApiKey;
use keyward_api::overview::{Attention, AttentionKind, Severity};
use time::OffsetDateTime;

use super::facts::{Facts, Group, Overdue, Refused};
use super::words::{number, quoted, span, time};

/// Everything that needs a person at `now`.
pub fn attention(facts: &Facts, now: OffsetDateTime) -> Vec<Attention> {
    let found = [
        facts.broken.as_ref().map(audit_broken),
        rows_altered(facts),
        (!facts.is_root_key_kept).then(keep_root_key),
        facts.refused.as_ref().map(refusals),
        expires_soon(&facts.expiring, now),
        old_key_used(&facts.old_keys),
        facts.has_previous_root_key.then(previous_root_key),
        facts.is_plain_http.then(plain_http),
        facts.met.map(new_machine),
        facts.backup.map(backup),
        writes_forever(&facts.writing_forever),
        facts.only_administrator.as_deref().map(one_administrator),
        unused(&facts.unused),
    ];
    let mut found: Vec<Attention> = found.into_iter().flatten().collect();
    found.sort_by_key(|it| (it.severity, it.kind));
    found
}

/// How bad each kind is.
fn severity(kind: AttentionKind) -> Severity {
    match kind {
        AttentionKind::AuditBroken | AttentionKind::RowsAltered => Severity::Danger,
        AttentionKind::KeepRootKey
        | AttentionKind::Refusals
        | AttentionKind::ExpiresSoon
        | AttentionKind::OldKeyUsed
        | AttentionKind::PreviousRootKey
        | AttentionKind::PlainHttp
        | AttentionKind::NewMachine
        | AttentionKind::Backup => Severity::Warning,
        AttentionKind::WritesForever | AttentionKind::OneAdministrator | AttentionKind::Unused => {
            Severity::Notice
        }
    }
}

fn item(kind: AttentionKind, count: u64, message: String) -> Attention {
    let (severity, key_id, address) = (severity(kind), None, None);
    Attention { kind, severity, message, count, key_id, address }
}

/// About one key by its name, or about many by their number.
fn about(
    kind: AttentionKind,
    group: &Group,
    one: impl FnOnce(&ApiKey) -> String,
    many: impl FnOnce(u64) -> String,
) -> Option<Attention> {
    match group {
        Group { count: 0, .. } => None,
        Group { count, one: Some(key) } => {
            let key_id = Some(key.id.clone());
            Some(Attention { key_id, ..item(kind, *count, one(key)) })
        }
        Group { count, one: None } => Some(item(kind, *count, many(*count))),
    }
}

fn audit_broken(BrokenEntry { reason, .. }: &BrokenEntry) -> Attention {
    item(AttentionKind::AuditBroken, 1, reason.clone())
}

fn rows_altered(Facts { altered, broken_keys, altered_set, .. }: &Facts) -> Option<Attention> {
    const CHECK: &str = "Run keyward store check.";
    let rows = |count| number(count, "stored row", "stored rows");
    let were = |count| if count == 1 { "was" } else { "were" };
    let changed =
        |count| format!("{} {} changed outside of Keyward. {CHECK}", rows(count), were(count));
    let one = |key: &ApiKey| match altered {
        0 => format!("{} cannot be read; it can only be deleted.", quoted(&key.name)),
        _ => changed(1),
    };
    let many = |count| match (altered, count - altered) {
        (0, _) => {
            format!("{} cannot be read; they can only be deleted.", number(count, "", "keys"))
        }
        (_, 0) => changed(count),
        _ => format!("{} were changed outside of Keyward or cannot be read. {CHECK}", rows(count)),
    };
    about(AttentionKind::RowsAltered, broken_keys, one, many).or_else(|| {
        let message = format!(
            "The stored {} were changed outside of Keyward: rows were added, removed or put back. \
             {CHECK}",
            (*altered_set)?
        );
        Some(item(AttentionKind::RowsAltered, 1, message))
    })
}

fn keep_root_key() -> Attention {
    let message = "Copy SECRETS_ENCRYPTION_KEY to a safe place. Without it nothing here can ever be \
                   read again.";
    item(AttentionKind::KeepRootKey, 1, message.to_owned())
}

fn refusals(Refused { address, addresses, count }: &Refused) -> Attention {
    let who = match addresses - 1 {
        0 => format!("{address} was"),
        others => {
            format!("{address} and {} were", number(others, "other address", "other addresses"))
        }
    };
    let times = number(*count, "time", "times");
    let message = format!("{who} refused {times} in the last 24 hours.");
    let address = Some(address.clone());
    Attention { address, ..item(AttentionKind::Refusals, *count, message) }
}

fn expires_soon(group: &Group, now: OffsetDateTime) -> Option<Attention> {
    let one = |key: &ApiKey| {
        let left = key.expires_at.map_or(time::Duration::ZERO, |end| end - now);
        format!("{} expires in {} and is in use.", quoted(&key.name), span(left))
    };
    let many =
        |count| format!("{} that are in use expire within 7 days.", number(count, "key", "keys"));
    about(AttentionKind::ExpiresSoon, group, one, many)
}

fn old_key_used(keys: &[ApiKey]) -> Option<Attention> {
    let one = match keys {
        [key] => Some(key.clone()),
        _ => None,
    };
    let group = Group { count: keys.len() as u64, one };
    let one = |key: &ApiKey| {
        let until = key.overlap.as_ref().map(|overlap| time(overlap.ends_at)).unwrap_or_default();
        let name = quoted(&key.name);
        format!("The old key of {name} is still in use; it works until {until}.")
    };
    let many = |count| format!("The old keys of {} are still in use.", number(count, "", "keys"));
    about(AttentionKind::OldKeyUsed, &group, one, many)
}

fn previous_root_key() -> Attention {
    let message = "The previous root key is still set. Remove SECRETS_ENCRYPTION_KEY_PREVIOUS.";
    item(AttentionKind::PreviousRootKey, 1, message.to_owned())
}

fn plain_http() -> Attention {
    let message = "Others reach this server over plain http: keys and passwords can be read on the \
                   way.";
    item(AttentionKind::PlainHttp, 1, message.to_owned())
}

fn new_machine(met: OffsetDateTime) -> Attention {
    let message = format!(
        "This machine had not seen this store before {}: a restored backup could not be noticed.",
        time(met)
    );
    item(AttentionKind::NewMachine, 1, message)
}

/// Who makes backups in another way is not warned of what this does not know.
fn backup(Overdue { days }: Overdue) -> Attention {
    let (severity, message) = match days {
        Some(days) => {
            (Severity::Warning, format!("The last backup is {} old.", number(days, "day", "days")))
        }
        None => (Severity::Notice, "No backup by keyward backup is known.".to_owned()),
    };
    Attention { severity, ..item(AttentionKind::Backup, 1, message) }
}

fn writes_forever(group: &Group) -> Option<Attention> {
    let one = |key: &ApiKey| format!("{} never expires and may write secrets.", quoted(&key.name));
    let many =
        |count| format!("{} never expire and may write secrets.", number(count, "key", "keys"));
    about(AttentionKind::WritesForever, group, one, many)
}

fn one_administrator(email: &str) -> Attention {
    let message = format!("Only {email} can administer this server.");
    item(AttentionKind::OneAdministrator, 1, message)
}

fn unused(group: &Group) -> Option<Attention> {
    let one = |key: &ApiKey| format!("{} was not used for 90 days.", quoted(&key.name));
    let many = |count| format!("{} were not used for 90 days.", number(count, "key", "keys"));
    about(AttentionKind::Unused, group, one, many)
}

#[cfg(test)]
mod tests {
    use keyward_api::keys::Overlap;
    use keyward_api::scopes::Scopes;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

    fn key(name: &str) -> ApiKey {
        ApiKey {
            id: format!("id of {name}"),
            name: name.to_owned(),
            prefix: "kw_Ab3dE".to_owned(),
            scopes: Scopes::default(),
            created_at: NOW,
            created_by: None,
            last_used_at: None,
            last_used_address: None,
            expires_at: Some(datetime!(2026-12-04 12:00 UTC)),
            enabled: true,
            rate_limit: None,
            allowed_networks: Vec::new(),
            overlap: Some(Overlap {
                prefix: "kw_Older".to_owned(),
                ends_at: datetime!(2026-12-03 14:00 UTC),
                last_used_at: None,
            }),
            unreadable: false,
            altered: false,
        }
    }

    fn one(name: &str) -> Group {
        Group { count: 1, one: Some(key(name)) }
    }

    fn calm() -> Facts {
        Facts { is_root_key_kept: true, ..Facts::default() }
    }

    fn messages(facts: &Facts) -> Vec<String> {
        attention(facts, NOW).into_iter().map(|it| it.message).collect()
    }

    #[test]
    fn nothing_to_say_is_said_by_nothing() {
        assert_eq!(attention(&calm(), NOW), []);
    }

    #[test]
    fn the_worst_comes_first_and_names_its_key() {
        let reason = "Entry 1\u{a0}204 was altered.".to_owned();
        let facts = Facts {
            broken: Some(BrokenEntry { seq: 1_204, reason }),
            altered: 2,
            broken_keys: Group { count: 2, one: None },
            refused: Some(Refused { address: "203.0.113.9".into(), addresses: 1, count: 1_204 }),
            expiring: one("payments"),
            old_keys: vec![key("payments")],
            has_previous_root_key: true,
            is_plain_http: true,
            met: Some(datetime!(2026-11-30 08:00 UTC)),
            backup: Some(Overdue { days: Some(12) }),
            writing_forever: one("ci"),
            only_administrator: Some("ada@example.com".to_owned()),
            unused: one("old-laptop"),
            ..Facts::default()
        };
        let expected = [
            "Entry 1\u{a0}204 was altered.",
            "2 stored rows were changed outside of Keyward. Run keyward store check.",
            "Copy SECRETS_ENCRYPTION_KEY to a safe place. Without it nothing here can ever be read \
             again.",
            "203.0.113.9 was refused 1\u{a0}204 times in the last 24 hours.",
            "\u{201c}payments\u{201d} expires in 3 days and is in use.",
            "The old key of \u{201c}payments\u{201d} is still in use; it works until 3 Dec 2026, \
             14:00 UTC.",
            "The previous root key is still set. Remove SECRETS_ENCRYPTION_KEY_PREVIOUS.",
            "Others reach this server over plain http: keys and passwords can be read on the way.",
            "This machine had not seen this store before 30 Nov 2026, 08:00 UTC: a restored backup \
             could not be noticed.",
            "The last backup is 12 days old.",
            "\u{201c}ci\u{201d} never expires and may write secrets.",
            "Only ada@example.com can administer this server.",
            "\u{201c}old-laptop\u{201d} was not used for 90 days.",
        ];
        assert_eq!(messages(&facts), expected);
        let found = attention(&facts, NOW);
        assert!(found.is_sorted_by_key(|it| it.severity) && found.is_sorted_by_key(|it| it.kind));
        let ids: Vec<_> = found.iter().filter_map(|it| it.key_id.as_deref()).collect();
        assert_eq!(ids, ["id of payments", "id of payments", "id of ci", "id of old-laptop"]);
        assert_eq!((found[3].count, found[3].address.as_deref()), (1_204, Some("203.0.113.9")));
    }

    #[test]
    fn many_of_a_kind_are_one_item_with_their_number() {
        let many = || Group { count: 12, one: None };
        let facts = Facts {
            refused: Some(Refused { address: "203.0.113.9".into(), addresses: 3, count: 500 }),
            expiring: many(),
            old_keys: vec![key("a"), key("b")],
            writing_forever: many(),
            unused: many(),
            ..calm()
        };
        let expected = [
            "203.0.113.9 and 2 other addresses were refused 500 times in the last 24 hours.",
            "12 keys that are in use expire within 7 days.",
            "The old keys of 2 keys are still in use.",
            "12 keys never expire and may write secrets.",
            "12 keys were not used for 90 days.",
        ];
        assert_eq!(messages(&facts), expected);
        assert!(attention(&facts, NOW).iter().all(|it| it.key_id.is_none()));
    }

    #[test]
    fn who_never_made_a_backup_is_told_of_them_and_not_warned() {
        let facts = Facts { backup: Some(Overdue { days: None }), ..calm() };
        let found = attention(&facts, NOW);
        assert_eq!(found[0].severity, Severity::Notice);
        assert_eq!(found[0].message, "No backup by keyward backup is known.");
    }

    #[test]
    fn rows_that_do_not_hold_are_told_by_what_is_wrong_with_them() {
        let facts = |altered, broken_keys, altered_set| {
            messages(&Facts { broken_keys, altered, altered_set, ..calm() }).concat()
        };
        let many = |count| Group { count, one: None };
        assert!(facts(1, one("a"), None).starts_with("1 stored row was changed outside of Keyw"));
        let unreadable = "\u{201c}a\u{201d} cannot be read; it can only be deleted.";
        assert_eq!(facts(0, one("a"), None), unreadable);
        assert!(facts(0, many(2), None).starts_with("2 keys cannot be read; they can only be del"));
        assert!(facts(1, many(2), None).contains("were changed outside of Keyward or cannot be"));
        let set = "The stored API keys were changed outside of Keyward: rows were added, removed \
                   or put back. Run keyward store check.";
        assert_eq!(facts(0, Group::default(), Some("API keys")), set);
    }
}
