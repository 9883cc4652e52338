//! What an entry says that stands for several refusals. Written and read here alone, so that both
//! agree. Pure.

/// Behind the number of refusals that an entry stands for.
const MORE: &str = " more within a minute";

/// The detail of an entry that stands for so many refusals.
pub fn more(count: u64) -> String {
    format!("{count}{MORE}")
}

/// How many refusals an entry with this detail stands for.
pub fn counted(detail: Option<&str>) -> u64 {
    let number = detail.and_then(|detail| detail.split_once(MORE)?.0.parse().ok());
    number.unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_any_other_entry_is_one_refusal() {
        assert_eq!(counted(Some(&more(1_204))), 1_204);
        assert_eq!(counted(Some(&format!("{}, of many kinds", more(7)))), 7);
        for other in
            [None, Some(""), Some("the scope a is missing"), Some("x more within a minute")]
        {
            assert_eq!(counted(other), 1, "{other:?}");
        }
    }
}
