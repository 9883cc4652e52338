//! Values as editors, shells and container platforms hand them over.
//!
//! 1. An empty value counts as one that is not set.
//! 2. A byte order mark and line ends around a value never belong to it.
//! 3. Blanks and one pair of quotes around it do not either (`docker run --env-file` keeps both),
//!    except in a password: there blanks count, and quotes are refused in a variable and taken
//!    as they are in a file.
//! 4. A file is UTF-8 and at most 64 KiB.
//! 5. An error names the variable and what was expected, never the value.

use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use std::path::Path;

use keyward_api::Sensitive;
use zeroize::Zeroizing;

use super::source::{ConfigError, Environment};

const MAX_FILE_BYTES: u64 = 64 * 1024;
const BYTE_ORDER_MARK: char = '\u{feff}';

pub fn variable(env: Environment<'_>, name: &str) -> Option<String> {
    env(name).map(|value| bare(&value).to_owned()).filter(|value| !value.is_empty())
}

/// A secret that has neither blanks nor quotes around it.
pub fn secret(env: Environment<'_>, name: &str) -> Result<Option<Sensitive>, ConfigError> {
    let found = given(env, name)?.map(|(text, _)| Sensitive::from(bare(&text).to_owned()));
    Ok(found.filter(|text| !text.expose().is_empty()))
}

/// A secret that a person made up, where each character may be meant.
pub fn password(env: Environment<'_>, name: &str) -> Result<Option<Sensitive>, ConfigError> {
    let Some((text, is_file)) = given(env, name)? else { return Ok(None) };
    if !is_file && unquoted(&text).is_some() {
        let problem = format!(
            "is in quotes, which would be part of the password: leave them out, or put the \
             password as it is into a file and set {name}_FILE"
        );
        return Err(ConfigError::new(name, problem));
    }
    Ok(Some(Sensitive::from(text.to_string())))
}

/// `on` or `off`, in any of the usual words.
pub fn switch(env: Environment<'_>, name: &str, default: bool) -> Result<bool, ConfigError> {
    let Some(text) = variable(env, name) else { return Ok(default) };
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err(ConfigError::new(name, "is wrong: expected on or off")),
    }
}

pub fn number(
    env: Environment<'_>,
    name: &str,
    range: RangeInclusive<u32>,
) -> Result<Option<u32>, ConfigError> {
    let Some(text) = variable(env, name) else { return Ok(None) };
    let found = text.parse().ok().filter(|number| range.contains(number));
    let (from, to) = (range.start(), range.end());
    let wrong = || ConfigError::new(name, format!("is wrong: expected a number, {from} to {to}"));
    found.ok_or_else(wrong).map(Some)
}

/// The parts of a list with commas or blanks in between, or both.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty())
}

/// What the variable or its file holds, and whether it was the file.
fn given(
    env: Environment<'_>,
    name: &str,
) -> Result<Option<(Zeroizing<String>, bool)>, ConfigError> {
    let file_variable = format!("{name}_FILE");
    let value = env(name).map(Zeroizing::new);
    let value = value.map(|value| without_line_ends(&value)).filter(|text| !text.trim().is_empty());
    let Some(file) = variable(env, &file_variable) else {
        return Ok(value.map(|value| (value, false)));
    };
    if value.is_some() {
        return Err(ConfigError::new(name, format!("and {file_variable} are both set: keep one")));
    }
    let problem = |problem| ConfigError::new(&file_variable, problem);
    Ok(Some((read(Path::new(&file)).map_err(problem)?, true)))
}

fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let unreadable = |error: std::io::Error| format!("names a file that cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err("names a folder: expected a file (a container platform makes a folder where \
                    the file to mount is missing)"
            .to_owned());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err("names a file that is too large: expected at most 64 KiB".to_owned());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
        return Err("names a file that is UTF-16 or binary: save it as UTF-8".to_owned());
    }
    let text = str::from_utf8(&bytes).map_err(|_| "names a file that is not UTF-8")?;
    if text.trim_matches(is_around).is_empty() {
        return Err("names an empty file".to_owned());
    }
    Ok(without_line_ends(text))
}

fn without_line_ends(text: &str) -> Zeroizing<String> {
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    Zeroizing::new(text.trim_matches(['\r', '\n']).to_owned())
}

fn is_around(c: char) -> bool {
    c.is_whitespace() || c == BYTE_ORDER_MARK
}

/// Without what rule 3 takes off.
fn bare(text: &str) -> &str {
    let text = text.trim_matches(is_around);
    unquoted(text).map_or(text, |text| text.trim_matches(is_around))
}

/// What is between the quotes, if there are some.
fn unquoted(text: &str) -> Option<&str> {
    let between = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    between('"').or_else(|| between('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(value: &str, read: impl Fn(Environment<'_>) -> T) -> T {
        read(&|name| (name == "NAME").then(|| value.to_owned()))
    }

    fn in_file<T>(bytes: &[u8], read: impl Fn(Environment<'_>) -> T) -> T {
        let path = std::env::temp_dir().join(format!("keyward-{}", uuid::Uuid::now_v7()));
        std::fs::write(&path, bytes).unwrap();
        let text = path.to_str().unwrap().to_owned();
        let result = read(&|name| (name == "NAME_FILE").then(|| text.clone()));
        std::fs::remove_file(path).unwrap();
        result
    }

    fn exposed(found: Result<Option<Sensitive>, ConfigError>) -> Option<String> {
        found.unwrap().map(|text| text.expose().to_owned())
    }

    #[test]
    fn marks_line_ends_blanks_and_quotes_are_no_part_of_a_value() {
        for text in [
            "value",
            " value\t",
            "value\n",
            "value\r\n",
            "\u{feff}value",
            "\u{feff}value\r\n",
            "\"value\"",
            "'value'",
            "\"value\"\r",
            " \"value\" ",
            "\n\nvalue\n\n",
        ] {
            assert_eq!(
                with(text, |env| variable(env, "NAME")).as_deref(),
                Some("value"),
                "{text:?}"
            );
            assert_eq!(
                exposed(with(text, |env| secret(env, "NAME"))).unwrap(),
                "value",
                "{text:?}"
            );
            let found = in_file(text.as_bytes(), |env| secret(env, "NAME"));
            assert_eq!(exposed(found).unwrap(), "value", "{text:?}");
        }
        for (text, expected) in [("\"value", "\"value"), ("\"value'", "\"value'"), ("\"", "\"")] {
            assert_eq!(with(text, |env| variable(env, "NAME")).as_deref(), Some(expected));
        }
    }

    #[test]
    fn an_empty_value_is_not_set() {
        for text in ["", " ", "\n", "\r\n", "\u{feff}", "\"\"", "''", "\" \""] {
            assert_eq!(with(text, |env| variable(env, "NAME")), None, "{text:?}");
            assert_eq!(exposed(with(text, |env| secret(env, "NAME"))), None, "{text:?}");
            assert!(with(text, |env| switch(env, "NAME", true)).unwrap());
            assert_eq!(with(text, |env| number(env, "NAME", 1..=2)).unwrap(), None);
        }
    }

    #[test]
    fn a_password_keeps_its_blanks_and_its_quotes_are_asked_about() {
        for (text, expected) in [
            (" two words ", " two words "),
            ("word\r\n", "word"),
            ("\u{feff}word\n", "word"),
            ("it's \"so\"", "it's \"so\""),
        ] {
            assert_eq!(exposed(with(text, |env| password(env, "NAME"))).unwrap(), expected);
            let found = in_file(text.as_bytes(), |env| password(env, "NAME"));
            assert_eq!(exposed(found).unwrap(), expected);
        }
        for text in ["\"planted\"", "'planted'", "\"planted\"\r"] {
            let refusal = with(text, |env| password(env, "NAME")).unwrap_err().to_string();
            assert!(refusal.starts_with("NAME is in quotes"), "{refusal}");
            assert!(refusal.contains("NAME_FILE") && !refusal.contains("planted"), "{refusal}");
        }
        let found = in_file(b"\"as it is\"\n", |env| password(env, "NAME"));
        assert_eq!(exposed(found).unwrap(), "\"as it is\"");
    }

    #[test]
    fn a_switch_takes_the_usual_words_in_any_case() {
        for text in ["on", "ON", "On", "true", "TRUE", "yes", "1", "\"on\"", " on\r\n"] {
            assert!(with(text, |env| switch(env, "NAME", false)).unwrap(), "{text}");
        }
        for text in ["off", "OFF", "False", "no", "0"] {
            assert!(!with(text, |env| switch(env, "NAME", true)).unwrap(), "{text}");
        }
        for text in ["planted", "2", "o n", "on,off"] {
            let refusal = with(text, |env| switch(env, "NAME", true)).unwrap_err().to_string();
            assert_eq!(refusal, "NAME is wrong: expected on or off");
        }
    }

    #[test]
    fn a_number_is_in_its_range() {
        for (text, expected) in [("1", 1), (" 20\n", 20), ("\"7\"", 7)] {
            assert_eq!(with(text, |env| number(env, "NAME", 1..=20)).unwrap(), Some(expected));
        }
        for text in ["0", "21", "-1", "1.5", "1_0", "ten", "99999999999"] {
            let refusal = with(text, |env| number(env, "NAME", 1..=20)).unwrap_err().to_string();
            assert_eq!(refusal, "NAME is wrong: expected a number, 1 to 20", "{text}");
        }
    }

    #[test]
    fn a_list_has_commas_blanks_or_line_ends_in_between() {
        for text in ["a,b", "a b", "a, b", " a ,\n b,\n", "a\r\nb", "a\tb", ",a,,b,"] {
            assert_eq!(list(text).collect::<Vec<_>>(), ["a", "b"], "{text:?}");
        }
    }

    #[test]
    fn a_file_that_holds_no_text_is_refused_and_says_why() {
        let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(*b"p\0l\0").collect();
        let too_long = vec![b'p'; 64 * 1024 + 1];
        for (bytes, expected) in [
            (&b""[..], "empty file"),
            (b" \r\n", "empty file"),
            ("\u{feff}\n".as_bytes(), "empty file"),
            (&utf_16, "save it as UTF-8"),
            (b"\xfe\xff\0p", "save it as UTF-8"),
            (b"p\0l\0", "save it as UTF-8"),
            (b"plant\xe9", "not UTF-8"),
            (&too_long, "at most 64 KiB"),
        ] {
            for read in [secret, password] {
                let refusal = in_file(bytes, |env| read(env, "NAME")).unwrap_err().to_string();
                assert!(refusal.starts_with("NAME_FILE names"), "{refusal}");
                assert!(refusal.contains(expected), "{refusal}");
            }
        }
        let longest = in_file(&too_long[1..], |env| secret(env, "NAME"));
        assert_eq!(exposed(longest).unwrap().len(), 64 * 1024);
        let folder = std::env::temp_dir();
        let folder = folder.to_str().unwrap();
        let env = |name: &str| (name == "NAME_FILE").then(|| folder.to_owned());
        let refusal = secret(&env, "NAME").unwrap_err().to_string();
        assert!(refusal.contains("names a folder"), "{refusal}");
    }
}
