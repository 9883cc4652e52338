//! What entries say about the log itself: a break that is known, entries that a checkpoint
//! closed, an export that went to its end. Written and read here alone, so that both agree.
//! Pure.
//!
//! Such an entry counts only when it is as it was written: [`super::check`] sees to that.

use keyward_api::audit::Action;

use super::event::{Actor, Event};
use keyward_core::chain::{Fields, GENESIS, Hash};

/// Between the words of a person and what they are bound to.
const BREAK: &str = " (break ";

/// Before the hash of the last entry that was closed.
const LAST: &str = " closed, the last has the hash ";

const MAX_BECAUSE: usize = 500;

/// Why a break is known: 1 to 500 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {MAX_BECAUSE} characters, none of them a control character")]
pub struct NoBecause;

impl TryFrom<String> for Because {
    type Error = NoBecause;

    fn try_from(text: String) -> Result<Self, NoBecause> {
        let text = text.trim();
        let fits = !text.is_empty()
            && text.chars().count() <= MAX_BECAUSE
            && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NoBecause) }
    }
}

/// That a break is known. The digest binds it to the break as it is now.
pub fn acknowledge(actor: &Actor, seq: i64, because: &Because, digest: &Hash) -> Event {
    let detail = format!("{}{BREAK}{})", because.0, hex::encode(digest));
    actor.did(Action::AuditAcknowledge, Some(seq.to_string())).with_detail(detail)
}

/// Number, words and digest of the break that an entry is about.
pub fn acknowledged<'a>(fields: &Fields<'a>) -> Option<(i64, &'a str, Hash)> {
    let detail = about(fields, Action::AuditAcknowledge)?.detail()?;
    let (because, digest) = detail.strip_suffix(')')?.rsplit_once(BREAK)?;
    Some((fields.target()?.parse().ok()?, because, hash(digest)?))
}

/// Entries that are no longer stored: all up to `through`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of the last of them.
    pub through: i64,
    /// The hash of the last of them.
    pub hash: Hash,
}

impl Default for Checkpoint {
    /// Nothing is closed: the first entry follows nothing.
    fn default() -> Self {
        Self { through: 0, hash: GENESIS }
    }
}

/// That the entries from `first` on, so many of them, are closed.
pub fn close(first: i64, number: u64, checkpoint: &Checkpoint) -> Event {
    let Checkpoint { through, hash } = checkpoint;
    let detail = format!("{number} entries{LAST}{}", hex::encode(hash));
    let target = format!("{first}-{through}");
    Actor::system().did(Action::AuditCheckpoint, Some(target)).with_detail(detail)
}

pub fn closed(fields: &Fields<'_>) -> Option<Checkpoint> {
    let fields = about(fields, Action::AuditCheckpoint)?;
    let (_, through) = fields.target()?.split_once('-')?;
    let (_, last) = fields.detail()?.rsplit_once(LAST)?;
    Some(Checkpoint { through: through.parse().ok()?, hash: hash(last)? })
}

/// That everything up to `through` was handed out, to the end.
pub fn export(actor: &Actor, through: i64) -> Event {
    let event = actor.did(Action::AuditExport, Some(through.to_string()));
    event.with_detail("all entries, to the end")
}

/// Up to which number an entry says that everything was handed out.
pub fn exported(fields: &Fields<'_>) -> Option<i64> {
    about(fields, Action::AuditExport)?.target()?.parse().ok()
}

fn about<'f, 'a>(fields: &'f Fields<'a>, action: Action) -> Option<&'f Fields<'a>> {
    Some(fields).filter(|fields| fields.action() == Some(action.as_str()))
}

fn hash(text: &str) -> Option<Hash> {
    let mut hash = GENESIS;
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(event: &Event) -> Fields<'_> {
        let mut texts = [None; 9];
        texts[3] = Some(event.action.as_str());
        (texts[4], texts[6]) = (event.target.as_deref(), event.detail.as_deref());
        Fields { seq: 1, time: 0, texts }
    }

    #[test]
    fn what_is_written_is_read() {
        // The last one counts, whatever a person writes.
        let words = format!("restored from the tape (break {})", "00".repeat(32));
        let because = Because::try_from(words.clone()).unwrap();
        let event = acknowledge(&Actor::command_line(), 7, &because, &[9; 32]);
        assert_eq!(acknowledged(&fields(&event)), Some((7, words.as_str(), [9; 32])));
        assert_eq!((closed(&fields(&event)), exported(&fields(&event))), (None, None));
        let checkpoint = Checkpoint { through: 20, hash: [8; 32] };
        let event = close(3, 18, &checkpoint);
        assert_eq!(event.target.as_deref(), Some("3-20"));
        assert_eq!(closed(&fields(&event)), Some(checkpoint));
        assert_eq!(exported(&fields(&export(&Actor::system(), 5))), Some(5));
    }

    #[test]
    fn other_words_say_nothing() {
        for detail in ["", "x", "x (break )", "x (break 00)", "x (break zz"] {
            let event = Actor::command_line().did(Action::AuditAcknowledge, Some("7".to_owned()));
            assert_eq!(acknowledged(&fields(&event.with_detail(detail))), None, "{detail}");
        }
    }

    #[test]
    fn an_explanation_has_1_to_500_characters_and_no_control_character() {
        for good in ["x", " trimmed ", &"\u{e4}".repeat(500)] {
            assert!(Because::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\nb", "a\u{7f}", &"x".repeat(501)] {
            assert!(Because::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
