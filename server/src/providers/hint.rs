//! What is kept of a key as plain text, for a person to recognise it by. Pure.

const KEPT: usize = 4;

const MIN: usize = 12;

/// The last 4 characters of a key that has at least 12, unless a terminal would act on them.
pub fn hint(value: &str) -> Option<String> {
    let start = value.chars().count().checked_sub(KEPT)?;
    let end: String = value.chars().skip(start).collect();
    (start + KEPT >= MIN && !end.chars().any(char::is_control)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn the_last_4_characters_of_at_least_12() {
        let cases = [
            ("", None),
            ("abc", None),
            ("abcdefghijk", None),
            ("abcdefghijkl", Some("ijkl")),
            ("sk-proj-0123456789", Some("6789")),
            ("0123456789\u{1f511}\u{e4}bc", Some("\u{1f511}\u{e4}bc")),
            ("0123456789ab\n", None),
        ];
        for (value, expected) in cases {
            assert_eq!(hint(value).as_deref(), expected, "{value:?}");
        }
    }
}
