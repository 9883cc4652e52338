//! Addresses that a person takes for one another (Unicode Technical Standard #39, section 4).

use unicode_security::confusable_detection::skeleton;

/// Whether a person could take one address for the other, which is another one. Two addresses in
/// ASCII never are: `al@` and `a1@` may well be two people of one company.
pub fn are_alike(one: &str, other: &str) -> bool {
    let may_be = one != other && !(one.is_ascii() && other.is_ascii());
    may_be && skeleton(one).eq(skeleton(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_other_alphabets_that_look_the_same_are_seen() {
        for alike in ["\u{430}da@example.com", "ad\u{ff41}@example.com", "ada@ex\u{430}mple.com"] {
            assert!(are_alike("ada@example.com", alike), "{alike}");
            assert!(are_alike(alike, "ada@example.com"), "{alike}");
        }
    }

    #[test]
    fn other_people_are_other_people() {
        for other in ["ada@example.com", "adam@example.com", "\u{e4}da@example.com", "\u{436}@b"] {
            assert!(!are_alike("ada@example.com", other), "{other}");
        }
        assert!(!are_alike("al@example.com", "a1@example.com"));
    }
}
