//! Numbers and sentences.

use keyward_api::encryption::{Rotated, RotationProgress};

/// `1 204`, with spaces at which no line breaks.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// What a rotation has done.
pub fn result(done: &Rotated) -> String {
    let values = match done.re_encrypted {
        0 => "There was no value to re-encrypt.".to_owned(),
        1 => "1 value was re-encrypted.".to_owned(),
        many => format!("{} values were re-encrypted.", grouped(many)),
    };
    format!("Version {} is active. {values}", done.new_version)
}

/// How far a rotation has come.
pub fn progress(progress: RotationProgress) -> String {
    let (done, total) = (grouped(progress.re_encrypted), grouped(progress.total));
    format!("{done} of {total} values re-encrypted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1204, "1\u{a0}204"),
            (123_456, "123\u{a0}456"),
            (1_234_567, "1\u{a0}234\u{a0}567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn the_result_names_version_and_number() {
        let says = |re_encrypted| result(&Rotated { new_version: 2, re_encrypted });
        assert_eq!(says(1204), "Version 2 is active. 1\u{a0}204 values were re-encrypted.");
        assert_eq!(says(1), "Version 2 is active. 1 value was re-encrypted.");
        assert_eq!(says(0), "Version 2 is active. There was no value to re-encrypt.");
    }
}
