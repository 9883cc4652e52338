//! What is shown to a person or a terminal holds nothing that acts instead of being read: no
//! control characters (a terminal obeys them), no bidirectional controls (the text reads in
//! another order than it is stored; Trojan Source, CVE-2021-42574), no invisible characters
//! (two names look the same). Stored names of the older layout may hold any of them.
//!
//! Each such character is shown as its number. Pure.

use std::borrow::Cow;
use std::fmt::Write;

/// How a character that is not shown as itself is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `\u{202e}`, for a person.
    Text,
    /// `\u202e`, inside a string of JSON, where it stands for the same character.
    Json,
}

/// One line: line ends are escaped as well.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, Form::Text, |c| !acts(c))
}

/// Several lines; the text of each cell must have gone through [`line()`].
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, Form::Text, |c| c == '\n' || !acts(c))
}

/// A JSON document. Outside of its strings there is nothing to escape but line ends, which
/// stay.
pub fn json(text: &str) -> Cow<'_, str> {
    escape(text, Form::Json, |c| c == '\n' || !acts(c))
}

/// A line with the colours that the log puts in: `ESC [ numbers m` stays.
pub fn coloured_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        shown.push_str(&line(&rest[..at]));
        let colour = colour(&rest[at..]);
        match colour {
            0 => shown.push_str(&line(&rest[at..=at])),
            _ => shown.push_str(&rest[at..at + colour]),
        }
        rest = &rest[at + colour.max(1)..];
    }
    shown.push_str(&line(rest));
    shown
}

/// Length of the colour that the text begins with, in bytes; 0 if it begins with none.
fn colour(text: &str) -> usize {
    let Some(numbers) = text.strip_prefix("\x1b[") else { return 0 };
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';');
    end.filter(|end| numbers[*end..].starts_with('m')).map_or(0, |end| end + 3)
}

fn escape(text: &str, form: Form, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(|c| !stays(c)) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(&text[..first]);
    for c in text[first..].chars() {
        if stays(c) {
            shown.push(c);
        } else {
            push_number(&mut shown, c, form);
        }
    }
    Cow::Owned(shown)
}

fn push_number(shown: &mut String, c: char, form: Form) {
    // Writing to a string cannot fail.
    let _ = match form {
        Form::Text => write!(shown, "{}", c.escape_default()),
        Form::Json => {
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(shown, "\\u{unit:04x}"))
        }
    };
}

/// Whether a character does something to the text around it, or cannot be seen: controls
/// (`Cc`), line and paragraph separators, and what Unicode calls `Bidi_Control` or
/// `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_or_a_reader_would_be_misled_by_is_shown_as_its_number() {
        for (raw, shown) in [
            ("Gr\u{fc}\u{df}e & Co", "Gr\u{fc}\u{df}e & Co"),
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("a\u{9b}2Jb\x07", "a\\u{9b}2Jb\\u{7}"),
            ("ab\u{202e}cd", "ab\\u{202e}cd"),
            ("a\u{200b}\u{2066}b\u{feff}", "a\\u{200b}\\u{2066}b\\u{feff}"),
            ("one\r\ntwo\u{2028}", "one\\r\\ntwo\\u{2028}"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
        ] {
            assert_eq!(line(raw), shown);
        }
        assert_eq!(lines("a\nb\tc"), "a\nb\\tc");
    }

    #[test]
    fn only_colours_of_the_log_stay() {
        let raw = "\x1b[32m INFO\x1b[0m a\x1b]0;title\x07 \x1b[2J\x1b[1;31mb\x1b[m\x1b";
        let shown =
            "\x1b[32m INFO\x1b[0m a\\u{1b}]0;title\\u{7} \\u{1b}[2J\x1b[1;31mb\x1b[m\\u{1b}";
        assert_eq!(coloured_line(raw), shown);
    }

    proptest! {
        #[test]
        fn json_stays_the_same_document_and_holds_nothing_that_acts(text: String, more in "[\u{0}-\u{2fff}\u{e0000}-\u{e007f}]*") {
            let document = serde_json::to_string_pretty(&[&text, &more]).unwrap();
            let shown = json(&document);
            prop_assert!(shown.chars().all(|c| c == '\n' || !acts(c)));
            let read: [String; 2] = serde_json::from_str(&shown).unwrap();
            prop_assert_eq!(read, [text, more]);
        }

        #[test]
        fn a_line_has_one_line_and_nothing_that_acts(text: String) {
            prop_assert!(!line(&text).chars().any(acts));
            prop_assert!(!coloured_line(&text).replace('\x1b', "").chars().any(acts));
        }
    }
}
