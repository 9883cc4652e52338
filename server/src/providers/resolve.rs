//! Whose key is used: the model's own, else the provider's, else none. Pure.

use keyward_api::providers::Source;

/// The key that is used, and whose it is, of those there are.
pub fn resolve<T>(model: Option<T>, provider: Option<T>) -> Option<(Source, T)> {
    let own = model.map(|key| (Source::Model, key));
    own.or_else(|| provider.map(|key| (Source::Provider, key)))
}

/// Why it is that one, as a sentence.
pub fn reason(provider: &str, model: Option<&str>, source: Source) -> String {
    match (model, source) {
        (Some(model), Source::Model) => {
            format!("The model \"{model}\" of \"{provider}\" has a key of its own.")
        }
        (Some(model), Source::Provider) => {
            format!(
                "The model \"{model}\" has no key of its own, so the key of \"{provider}\" is used."
            )
        }
        (None, _) => format!("No model was named, so the key of \"{provider}\" is used."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_goes_before_the_provider_and_nothing_else_is_used() {
        let cases = [
            (Some("m"), Some("p"), Some((Source::Model, "m"))),
            (Some("m"), None, Some((Source::Model, "m"))),
            (None, Some("p"), Some((Source::Provider, "p"))),
            (None, None, None),
        ];
        for (model, provider, expected) in cases {
            assert_eq!(resolve(model, provider), expected, "{model:?}, {provider:?}");
        }
    }

    #[test]
    fn the_reason_names_what_was_looked_for() {
        let own = reason("openai", Some("gpt-5"), Source::Model);
        assert_eq!(own, "The model \"gpt-5\" of \"openai\" has a key of its own.");
        let fallen_back = reason("openai", Some("gpt-5"), Source::Provider);
        assert!(fallen_back.contains("\"gpt-5\" has no key") && fallen_back.contains("\"openai\""));
        assert!(reason("openai", None, Source::Provider).contains("No model was named"));
    }
}
