//! The sentences of a rotation. Pure.

use keyward_api::encryption::{Rotated, RotationProgress};

use crate::text::grouped;

pub fn result(done: &Rotated) -> String {
    let values = match done.re_encrypted {
        0 => "There was no value to re-encrypt.".to_owned(),
        1 => "1 value was re-encrypted.".to_owned(),
        many => format!("{} values were re-encrypted.", grouped(many)),
    };
    format!("Version {} is active. {values}", done.new_version)
}

pub fn progress(progress: RotationProgress) -> String {
    let (done, total) = (grouped(progress.re_encrypted), grouped(progress.total));
    format!("{done} of {total} values re-encrypted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_names_version_and_number() {
        let says = |re_encrypted| result(&Rotated { new_version: 2, re_encrypted });
        assert_eq!(says(1204), "Version 2 is active. 1\u{a0}204 values were re-encrypted.");
        assert_eq!(says(1), "Version 2 is active. 1 value was re-encrypted.");
        assert_eq!(says(0), "Version 2 is active. There was no value to re-encrypt.");
    }
}
