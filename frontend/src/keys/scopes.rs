//! From check boxes and a line of text to scopes, with the server's sentences.

use keyward_api::scopes::{Scope, Scopes};

/// The chosen scopes and those typed, separated by white space or commas.
pub fn gather(chosen: &[&str], typed: &str) -> Result<Scopes, String> {
    let separator = |c: char| c.is_whitespace() || c == ',';
    let typed = typed.split(separator).filter(|word| !word.is_empty());
    let scopes: Result<Vec<_>, _> =
        chosen.iter().copied().chain(typed).map(|word| Scope::try_from(word.to_owned())).collect();
    let scopes = scopes.map_err(|error| error.to_string())?;
    Scopes::try_from(scopes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn chosen_and_typed_scopes_are_one_set() {
        let scopes = gather(&["secrets:read"], " orders:write,  secrets:read\tx ").unwrap();
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["orders:write", "secrets:read", "x"]);
    }

    #[test]
    fn a_word_that_is_no_scope_is_refused_with_the_sentence_of_the_server() {
        let error = gather(&[], "ok Not").unwrap_err();
        assert_eq!(error, "Scope must look like orders:write (lower case, at most 128 characters)");
    }

    #[test]
    fn there_are_at_most_32() {
        let many: Vec<_> = (0..33).map(|n| format!("s{n}")).collect();
        assert_eq!(gather(&[], &many.join(" ")).unwrap_err(), "A key may have at most 32 scopes");
    }
}
