//! Recovery codes: each stands for a code of the app once, when that is lost.
//!
//! Each has 80 random bits, so that its SHA-256 may be stored as it is: nobody finds it by trying.

use keyward_api::Sensitive;
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use zeroize::Zeroizing;

use super::cookie::token_hash;

/// So many are made at a time.
pub const CODES: usize = 10;

/// Of 5 bits each; none looks like another (RFC 4648, section 6).
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const CHARACTERS: usize = 16;
/// Characters between two hyphens.
const GROUP: usize = 4;

/// New codes, such as `abcd-efgh-ijkl-mnop`.
pub fn generate() -> Result<Vec<Sensitive>, SysError> {
    (0..CODES).map(|_| new_code()).collect()
}

fn new_code() -> Result<Sensitive, SysError> {
    let mut random = Zeroizing::new([0; CHARACTERS]);
    SysRng.try_fill_bytes(&mut *random)?;
    let mut code = String::with_capacity(CHARACTERS + CHARACTERS / GROUP);
    for (n, byte) in random.iter().enumerate() {
        if n > 0 && n.is_multiple_of(GROUP) {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(code.into())
}

/// What is stored of the codes: their hashes, with spaces between.
pub fn stored(codes: &[Sensitive]) -> String {
    codes.iter().filter_map(|code| hash(code.expose())).collect::<Vec<_>>().join(" ")
}

/// What is stored when `code` was used; `None`: it is none of the `stored` ones.
pub fn without(stored: &str, code: &str) -> Option<String> {
    let used = hash(code)?;
    let left: Vec<_> = stored.split_whitespace().filter(|hash| *hash != used).collect();
    (left.len() < stored.split_whitespace().count()).then(|| left.join(" "))
}

/// The hash of a code, however a person typed it: case, hyphens and spaces do not matter.
/// `None`: it cannot be one.
fn hash(code: &str) -> Option<String> {
    let typed = code.chars().filter(|c| *c != '-' && !c.is_whitespace());
    let plain: String = typed.take(CHARACTERS + 1).map(|c| c.to_ascii_lowercase()).collect();
    let plain = Zeroizing::new(plain);
    let fits = plain.len() == CHARACTERS && plain.bytes().all(|byte| ALPHABET.contains(&byte));
    fits.then(|| token_hash(&plain))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_code_has_80_random_bits_in_groups_of_four() {
        let codes = generate().unwrap();
        let distinct: HashSet<_> = codes.iter().map(Sensitive::expose).collect();
        assert_eq!(distinct.len(), CODES);
        for code in distinct {
            let groups: Vec<_> = code.split('-').collect();
            assert_eq!(groups.len(), 4);
            let fits =
                |group: &&str| group.len() == 4 && group.bytes().all(|b| ALPHABET.contains(&b));
            assert!(groups.iter().all(fits), "{code}");
        }
    }

    #[test]
    fn a_code_is_used_once_and_the_others_stay() {
        let codes = generate().unwrap();
        let all = stored(&codes);
        assert_eq!(all.split(' ').count(), CODES);
        let typed = format!(" {} ", codes[3].expose().replace('-', " ").to_uppercase());
        let left = without(&all, &typed).unwrap();
        assert_eq!(left.split(' ').count(), CODES - 1);
        assert_eq!(without(&left, codes[3].expose()), None);
        let last = stored(&codes[..1]);
        assert_eq!(without(&last, codes[0].expose()).as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_code_is_none_of_them() {
        let all = stored(&generate().unwrap());
        let long = "a".repeat(70_000);
        // The text that is stored opens nothing.
        for odd in ["", "-", "123456", &all[..64], &all, "aaaa-aaaa-aaaa-aaa1", "ä", &long] {
            assert_eq!(without(&all, odd), None);
        }
        assert_eq!(without("", "aaaa-aaaa-aaaa-aaaa"), None);
    }
}
