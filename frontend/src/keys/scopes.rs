//! From check boxes and lines of text to scopes, with the server's sentences. Pure.

use keyward_api::scopes::{KnownScope, Scope, Scopes};

/// `typed` is separated by white space or commas.
pub fn gather(chosen: Vec<Scope>, typed: &str) -> Result<Scopes, String> {
    let typed = words(typed).map(|word| Scope::new(word.to_owned()));
    let typed: Result<Vec<_>, _> = typed.collect();
    let mut scopes = typed.map_err(|error| error.to_string())?;
    scopes.extend(chosen);
    Scopes::try_from(scopes).map_err(|error| error.to_string())
}

/// A known scope, narrowed to each name or beginning in `only`; all of it when that is empty.
pub fn narrow(scope: &KnownScope, only: &str) -> Result<Vec<Scope>, String> {
    let narrowed = words(only).map(|word| format!("{}:{word}", scope.text));
    let mut texts: Vec<_> = narrowed.collect();
    if texts.is_empty() {
        texts.push(scope.text.to_owned());
    }
    let scopes: Result<_, _> = texts.into_iter().map(Scope::new).collect();
    scopes.map_err(|error| error.to_string())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use keyward_api::scopes::{PROVIDERS_RESOLVE, SECRETS_READ};

    use super::*;

    #[test]
    fn chosen_and_typed_scopes_are_one_set() {
        let chosen = narrow(&SECRETS_READ, "").unwrap();
        let scopes = gather(chosen, " orders:write,  secrets:read\tx ").unwrap();
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["orders:write", "secrets:read", "x"]);
    }

    #[test]
    fn each_word_narrows_a_scope_and_without_one_it_is_whole() {
        let texts = |only| {
            let scopes = narrow(&SECRETS_READ, only).unwrap();
            scopes.into_iter().map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(texts(" "), ["secrets:read"]);
        assert_eq!(
            texts(" GITHUB_*,A\tB "),
            ["GITHUB_*", "A", "B"].map(|w| format!("secrets:read:{w}"))
        );
    }

    #[test]
    fn a_word_that_is_no_scope_is_refused_with_the_sentence_of_the_server() {
        let error = gather(Vec::new(), "ok Not").unwrap_err();
        assert_eq!(error, "Scope must look like orders:write (lower case, at most 128 characters)");
        let error = narrow(&PROVIDERS_RESOLVE, "openai Not").unwrap_err();
        let sentence = "providers:resolve is narrowed to a provider or the beginning of its \
                        name, like providers:resolve:openai";
        assert_eq!(error, sentence);
    }

    #[test]
    fn there_are_at_most_32() {
        let many: Vec<_> = (0..32).map(|n| format!("s{n}")).collect();
        let whole = narrow(&SECRETS_READ, "").unwrap();
        assert!(gather(Vec::new(), &many.join(" ")).is_ok());
        assert_eq!(gather(whole, &many.join(" ")).unwrap_err(), "A key may have at most 32 scopes");
    }
}
