//! Finds a key in a text that a person wants to search for. An address is kept by browsers, proxies
//! and logs, so no search may hold more of a key than the lists show. Pure.

/// Every key that Keyward issues begins so.
const BEGINNING: &str = "kw_";
/// The characters of a whole key: 36 bytes follow the beginning, in base64url.
const WHOLE: usize = 51;
/// The characters that the lists show.
const PREFIX: usize = 8;

/// The first 8 characters of a key in the text. A whole key is found wherever it stands, in a header
/// or a command; a part of one as a word that begins like a key and is longer than that.
pub fn prefix_of_key_in(text: &str) -> Option<&str> {
    text.match_indices(BEGINNING).find_map(|(start, _)| {
        let token = text[start..].bytes().take_while(|byte| is_base64url(*byte)).count();
        let begins_word = text[..start].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let is_key = token >= WHOLE || token > PREFIX && begins_word;
        is_key.then(|| &text[start..start + PREFIX])
    })
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "kw_Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789-_abcdefghijk";

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        assert_eq!(KEY.len(), 52);
        let key = &KEY[..WHOLE];
        for text in [
            key.to_owned(),
            format!("  {key}\n"),
            format!("x-api-key: {key}"),
            format!("Authorization: Bearer {key}"),
            format!("curl -H 'x-api-key: {key}' https://keys.example/api/verify"),
            format!("KEY=\"{key}\";"),
            format!("https://keys.example/?key={key}&a=b"),
            format!("glued{key}"),
            format!("kw_ and {key}"),
            format!("\u{fc}{key}\u{fc}"),
        ] {
            assert_eq!(prefix_of_key_in(&text), Some("kw_Ab3dE"), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_key_or_more_than_one_is_found_as_well() {
        for length in [9, 20, 50, 52] {
            assert_eq!(prefix_of_key_in(&KEY[..length]), Some("kw_Ab3dE"), "{length}");
        }
        assert_eq!(prefix_of_key_in(&format!("kw_{KEY}")), Some("kw_kw_Ab"));
        assert_eq!(prefix_of_key_in("kw_12345_\u{20ac}"), Some("kw_12345"));
    }

    #[test]
    fn what_the_lists_show_and_what_is_no_key_may_be_searched_for() {
        for text in
            ["", "kw_", "kw_Ab3dE", "kw_Ab3dE...", "production", "markw_something", "KW_Ab3dEfGh"]
        {
            assert_eq!(prefix_of_key_in(text), None, "{text}");
        }
    }
}
