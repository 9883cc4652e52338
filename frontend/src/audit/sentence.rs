//! An entry of the log as a sentence: who did what, to what. Pure.

use keyward_api::audit::{Action, AuditActor, AuditActorKind, AuditEntry, AuditOutcome};

#[derive(Debug, PartialEq, Eq)]
pub struct Sentence {
    pub who: String,
    /// With the noun: `deleted API key`, `tried to sign in as`.
    pub verb: String,
    pub target: Option<String>,
}

pub fn sentence(entry: &AuditEntry) -> Sentence {
    let known = Action::ALL.iter().find(|action| action.as_str() == entry.action);
    let is_person = entry.actor.kind == AuditActorKind::User;
    let [past, present, of_target, alone] = match known {
        Some(Action::SecretRead) if is_person => ["revealed", "reveal", "", "a secret"],
        Some(action) => words(*action),
        // Of a server of a later version.
        None => return unknown(entry),
    };
    // Who signs in is not said twice.
    let is_said = alone.is_empty() && entry.target == entry.actor.name;
    let target = entry.target.clone().filter(|_| !is_said);
    let object = if target.is_some() { of_target } else { alone };
    let verb = match entry.outcome {
        AuditOutcome::Success => past.to_owned(),
        AuditOutcome::Refused => format!("tried to {present}"),
    };
    let verb = if object.is_empty() { verb } else { format!("{verb} {object}") };
    Sentence { who: who(&entry.actor), verb, target }
}

fn unknown(entry: &AuditEntry) -> Sentence {
    let did = if entry.outcome == AuditOutcome::Success { "did" } else { "tried" };
    let on = if entry.target.is_some() { " on" } else { "" };
    let verb = format!("{did} {}{on}", entry.action);
    Sentence { who: who(&entry.actor), verb, target: entry.target.clone() }
}

fn who(actor: &AuditActor) -> String {
    named(actor.kind.as_str(), actor.name.as_deref())
}

/// An actor in words, by the word for its kind.
pub fn named(kind: &str, name: Option<&str>) -> String {
    match (kind, name) {
        ("user", Some(name)) => name.to_owned(),
        ("user", None) => "A person".to_owned(),
        ("key", name) => format!("API key {}", name.unwrap_or_default()),
        ("command", _) => "Command line".to_owned(),
        ("system", _) => "System".to_owned(),
        _ => "Anonymous".to_owned(),
    }
}

/// In the past, after `tried to`, before a target, and without one.
const fn words(action: Action) -> [&'static str; 4] {
    match action {
        Action::AuditAcknowledge => {
            ["acknowledged", "acknowledge", "the break at entry", "a break of the log"]
        }
        Action::AuditBroken => ["found", "find", "the log altered at", "the log altered"],
        Action::AuditCheckpoint => ["closed", "close", "entries", "old entries"],
        Action::AuditExport => ["exported", "export", "the log up to entry", "the log"],
        Action::AuditRead => ["read", "read", "the log of", "the log"],
        Action::EncryptionKeep => [
            "noted",
            "note",
            "that a copy is kept of root key",
            "that a copy of the root key is kept",
        ],
        Action::EncryptionMint => ["created", "create", "data key", "the first data key"],
        Action::EncryptionRewrap => ["changed", "change", "the root key to", "the root key"],
        Action::EncryptionRotate => ["rotated", "rotate", "the data key to", "the data key"],
        Action::InvitationCreate => ["invited", "invite", "", "somebody"],
        Action::InvitationDelete => {
            ["took back", "take back", "the invitation of", "an invitation"]
        }
        Action::KeyCreate => ["created", "create", "API key", "an API key"],
        Action::KeyDelete => ["deleted", "delete", "API key", "an API key"],
        Action::KeyRetire => ["ended", "end", "the old key of", "an old API key"],
        Action::KeyRotate => ["rotated", "rotate", "API key", "an API key"],
        Action::KeyUpdate => ["changed", "change", "API key", "an API key"],
        Action::KeyVerify => ["verified", "verify", "API key", "an API key"],
        Action::ProviderDelete => ["deleted", "delete", "the key of", "a provider key"],
        Action::ProviderResolve => ["read", "read", "the key of", "a provider key"],
        Action::ProviderSet => ["set", "set", "the key of", "a provider key"],
        Action::ProviderUpdate => ["changed", "change", "provider", "a provider"],
        Action::SecretCreate => ["added", "add", "", "a secret"],
        Action::SecretDelete => ["deleted", "delete", "", "a secret"],
        Action::SecretRead => ["read", "read", "", "a secret"],
        Action::SecretUpdate => ["changed", "change", "", "a secret"],
        Action::SessionCreate => ["signed in", "sign in", "as", ""],
        Action::SessionDelete => ["signed out", "sign out", "as", ""],
        Action::StoreAccept => ["accepted", "accept", "", "what is stored as it is"],
        Action::StoreAltered => ["found", "find", "altered:", "altered rows"],
        Action::StoreBackup => ["wrote", "write", "a backup to", "a backup"],
        Action::StoreRestore => ["restored", "restore", "the backup", "a backup"],
        Action::StoreSign => ["signed", "sign", "", "the rows of an older version"],
        Action::UserCreate => ["created", "create", "user", "a user"],
        Action::UserDelete => ["deleted", "delete", "user", "a user"],
        Action::UserLink => ["connected", "connect", "single sign-on with", "single sign-on"],
        Action::UserPassword => ["changed", "change", "the password of", "a password"],
        Action::UserTotp => ["changed", "change", "two-factor of", "two-factor"],
        Action::UserUpdate => ["changed", "change", "user", "a user"],
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn said(kind: AuditActorKind, name: &str, action: &str, target: &str, refused: bool) -> String {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let entry = AuditEntry {
            seq: 1,
            time: OffsetDateTime::UNIX_EPOCH,
            actor: AuditActor { kind, id: None, name: text(name) },
            action: action.to_owned(),
            target: text(target),
            outcome: if refused { AuditOutcome::Refused } else { AuditOutcome::Success },
            detail: None,
            request_id: None,
            address: None,
        };
        let Sentence { who, verb, target } = sentence(&entry);
        [Some(who), Some(verb), target].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_entry_reads_as_a_sentence() {
        use AuditActorKind::{Anonymous, Command, Key, System, User};
        let cases = [
            (User, "ada", "secret.read", "TOKEN", false, "ada revealed TOKEN"),
            (Key, "ci", "secret.read", "TOKEN", false, "API key ci read TOKEN"),
            (Key, "ci", "secret.read", "TOKEN", true, "API key ci tried to read TOKEN"),
            (User, "ada", "session.create", "ada", false, "ada signed in"),
            (
                Anonymous,
                "anonymous",
                "session.create",
                "ada",
                true,
                "Anonymous tried to sign in as ada",
            ),
            (Anonymous, "anonymous", "session.create", "", true, "Anonymous tried to sign in"),
            (Command, "command line", "key.delete", "ci", false, "Command line deleted API key ci"),
            (
                System,
                "system",
                "store.altered",
                "the API key ci",
                false,
                "System found altered: the API key ci",
            ),
            (Key, "ci", "key.create", "", true, "API key ci tried to create an API key"),
            (User, "ada", "user.create", "ada", false, "ada created user ada"),
        ];
        for (kind, name, action, target, refused, says) in cases {
            assert_eq!(said(kind, name, action, target, refused), says);
        }
    }

    #[test]
    fn an_action_of_a_later_version_is_shown_by_its_word() {
        let of =
            |target, refused| said(AuditActorKind::User, "ada", "ship.launch", target, refused);
        assert_eq!(of("Argo", false), "ada did ship.launch on Argo");
        assert_eq!(of("", true), "ada tried ship.launch");
    }

    #[test]
    fn every_action_says_something_with_and_without_a_target() {
        for action in Action::ALL {
            for target in ["", "x"] {
                let says = said(AuditActorKind::System, "system", action.as_str(), target, false);
                assert!(!says.contains(action.as_str()) && !says.contains("  "), "{says}");
            }
        }
    }
}
