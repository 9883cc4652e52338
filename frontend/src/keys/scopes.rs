//! From check boxes and lines of text to scopes, with the server's sentences. Pure.

use keyward_api::scopes::{KNOWN_SCOPES, KnownScope, Scope, Scopes, is_management};

/// `typed` is separated by white space or commas.
pub fn gather(chosen: Vec<Scope>, typed: &str) -> Result<Scopes, String> {
    let typed = words(typed).map(|word| Scope::new(word.to_owned()));
    let typed: Result<Vec<_>, _> = typed.collect();
    let mut scopes = typed.map_err(|error| error.to_string())?;
    scopes.extend(chosen);
    Scopes::try_from(scopes).map_err(|error| error.to_string())
}

/// The scopes, if none of them manages Keyward.
pub fn managing_none(scopes: Scopes) -> Result<Scopes, String> {
    let managing = scopes.iter().find(|scope| is_management(scope)).map(str::to_owned);
    managing.map_or(Ok(scopes), |scope| Err(format!("Only an admin gives {scope}")))
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

/// What a person would have entered for these scopes: for each known one the names that it is
/// narrowed to, `None` if it is not chosen, and the others as one text.
pub fn entered(scopes: &Scopes) -> ([Option<String>; KNOWN_SCOPES.len()], String) {
    let mut others: Vec<&str> = scopes.iter().collect();
    let known = KNOWN_SCOPES.map(|known| {
        let count = others.len();
        others.retain(|scope| *scope != known.text);
        if others.len() < count {
            return Some(String::new());
        }
        let beginning = format!("{}:", known.text);
        let (narrowed, rest): (Vec<_>, Vec<_>) = others
            .iter()
            .partition(|scope| known.narrowed_by.is_some() && scope.starts_with(&beginning));
        others = rest;
        let names: Vec<_> = narrowed.iter().map(|scope| &scope[beginning.len()..]).collect();
        (!names.is_empty()).then(|| names.join(" "))
    });
    (known, others.join(" "))
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
    fn what_was_entered_is_what_is_shown_again() {
        let given = |texts: &[&str]| {
            let scopes = texts.iter().map(|text| Scope::new((*text).to_owned()).unwrap());
            Scopes::try_from(scopes.collect::<Vec<_>>()).unwrap()
        };
        for texts in [
            &[][..],
            &["secrets:read", "orders:write", "x"],
            &["secrets:read:A", "secrets:read:B*", "providers:resolve", "keys:verify"],
            &["secrets:read", "secrets:read:A", "secrets:readers"],
        ] {
            let (known, others) = entered(&given(texts));
            let chosen = KNOWN_SCOPES
                .iter()
                .zip(&known)
                .filter_map(|(scope, only)| only.as_ref().map(|only| narrow(scope, only).unwrap()));
            assert_eq!(gather(chosen.flatten().collect(), &others).unwrap(), given(texts));
        }
        let (known, others) = entered(&given(&["secrets:read:A", "secrets:read:B*", "x"]));
        assert_eq!(known[0].as_deref(), Some("A B*"));
        assert_eq!((&known[1], others.as_str()), (&None, "x"));
    }

    #[test]
    fn what_manages_keyward_is_found_among_others_narrowed_or_not() {
        let check = |typed| managing_none(gather(Vec::new(), typed).unwrap()).map(drop);
        assert_eq!(check("orders:write keys:verify"), Ok(()));
        assert_eq!(check("a keys:read"), Err("Only an admin gives keys:read".to_owned()));
        assert_eq!(check("keys:write:ci-*"), Err("Only an admin gives keys:write:ci-*".to_owned()));
    }

    #[test]
    fn there_are_at_most_32() {
        let many: Vec<_> = (0..32).map(|n| format!("s{n}")).collect();
        let whole = narrow(&SECRETS_READ, "").unwrap();
        assert!(gather(Vec::new(), &many.join(" ")).is_ok());
        assert_eq!(gather(whole, &many.join(" ")).unwrap_err(), "A key may have at most 32 scopes");
    }
}
