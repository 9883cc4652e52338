//! Characters that have no place in a name: they cannot be seen, or change how the text
//! around them is shown. Pure.
//!
//! 1. Control characters, and those that set the direction of text or break lines (Unicode
//!    Standard Annex 9; U+2028, U+2029): a name with them can look like another one.
//! 2. Invisible characters: `Default_Ignorable_Code_Point` of Unicode 16, the blank of
//!    Braille, and the anchors of interlinear annotation.
//!    Without the feature `unicode` none is known.
//! 3. Joiners and variation selectors are invisible, but decide how an emoji or a letter of
//!    some scripts looks. They are allowed directly after such a character and nowhere else.

/// Rule 1.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Rule 2.
#[cfg(not(feature = "unicode"))]
pub(crate) fn is_invisible(_: char) -> bool {
    false
}

/// Rule 2.
#[cfg(feature = "unicode")]
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether an invisible character stands where it means nothing, by rule 3.
pub(crate) fn has_invisible(text: &str) -> bool {
    let before = std::iter::once(None).chain(text.chars().map(Some));
    before
        .zip(text.chars())
        .any(|(before, c)| is_invisible(c) && !before.is_some_and(|before| is_joined(before, c)))
}

/// Whether anything of the text is seen: not white space, not invisible, and not a mark that
/// is put onto the character before it.
#[cfg(feature = "unicode")]
pub(crate) fn has_visible(text: &str) -> bool {
    text.chars().any(|c| !(c.is_whitespace() || is_invisible(c) || is_mark(c)))
}

/// Whether the text is not blank.
#[cfg(not(feature = "unicode"))]
pub(crate) fn has_visible(text: &str) -> bool {
    !text.trim().is_empty()
}

fn is_joined(before: char, c: char) -> bool {
    let is_joiner = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
    // An emoji with a variation selector may be joined to the next.
    (is_joiner && is_shaped(before)) || (before, c) == ('\u{fe0f}', '\u{200d}')
}

/// Arabic to Myanmar, Khmer and Mongolian; symbols and emoji.
fn is_shaped(c: char) -> bool {
    matches!(
        c,
        '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{203c}' | '\u{2049}'
            | '\u{2100}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}'
    )
}

/// The blocks of combining marks that belong to no script.
#[cfg(feature = "unicode")]
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(all(test, feature = "unicode"))]
mod tests {
    use super::*;

    #[test]
    fn joiners_are_allowed_where_they_change_what_is_seen() {
        for good in [
            "plain",
            "\u{1f469}\u{200d}\u{1f4bb} laptop",
            "\u{2764}\u{fe0f}",
            "\u{2764}\u{fe0f}\u{200d}\u{1f525}",
            // Persian and Hindi.
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94d}\u{200d}\u{937}",
        ] {
            assert!(!has_invisible(good), "{good:?}");
        }
        for bad in [
            "prod\u{200d}uction",
            "\u{200d}a",
            "\u{1f469}\u{200d}\u{200d}\u{1f4bb}",
            "\u{1f469}\u{200b}",
            "a\u{fe0f}",
            "\u{436}\u{200c}\u{436}",
            "a\u{ad}b",
            "a\u{2060}b",
            "\u{feff}a",
            "a\u{3164}",
            "a\u{e0041}",
            "\u{2800}",
        ] {
            assert!(has_invisible(bad), "{bad:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_not_visible() {
        for unseen in ["", " ", "\u{301}", "\u{200b}\u{3164}", "\u{2800} \u{20dd}", "\u{fe0f}"] {
            assert!(!has_visible(unseen), "{unseen:?}");
        }
        for seen in ["a", "-", "\u{301}a", "\u{1f511}", "\u{3042}", "\u{5d0}"] {
            assert!(has_visible(seen), "{seen:?}");
        }
    }

    #[test]
    fn what_turns_text_round_is_a_control_character() {
        for control in ['\0', '\n', '\u{85}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{200f}'] {
            assert!(is_control(control), "{control:?}");
        }
        assert!(!is_control('\u{5d0}') && !is_control(' ') && !is_control('\u{200d}'));
    }
}
