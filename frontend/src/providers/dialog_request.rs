//! What a dialog asks about a provider or one of its models, in words. Pure.

use keyward_api::providers::Provider;

use crate::text::{plural, quoted};

/// With the provider as it was when the dialog was opened.
#[derive(Clone)]
pub enum DialogRequest {
    Add,
    /// Replaces the key of a provider, or adds its first.
    SetKey(Provider),
    Edit(Provider),
    /// The key of a model that has none.
    AddModel(Provider),
    /// The name of the model.
    ReplaceModel(Provider, String),
    /// Of the model, or of the provider with all its models.
    Delete(Provider, Option<String>),
}

impl DialogRequest {
    /// `Add` has none yet.
    pub fn provider(&self) -> Option<&Provider> {
        match self {
            Self::Add => None,
            Self::SetKey(provider)
            | Self::Edit(provider)
            | Self::AddModel(provider)
            | Self::ReplaceModel(provider, _)
            | Self::Delete(provider, _) => Some(provider),
        }
    }

    /// By their names in the API.
    pub fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Add => &["provider", "value", "baseUrl", "note"],
            Self::SetKey(provider) if !provider.has_key => &["value", "baseUrl", "note"],
            Self::SetKey(_) | Self::ReplaceModel(..) => &["value"],
            Self::Edit(_) => &["baseUrl", "note"],
            Self::AddModel(_) => &["model", "value"],
            Self::Delete(..) => &[],
        }
    }

    pub fn title(&self) -> String {
        match self {
            Self::Add => "Add provider".to_owned(),
            Self::SetKey(Provider { provider, has_key: true, .. }) => {
                format!("Replace the key of {}", quoted(provider))
            }
            Self::SetKey(Provider { provider, .. }) => format!("Add a key to {}", quoted(provider)),
            Self::Edit(Provider { provider, .. }) => format!("Edit {}", quoted(provider)),
            Self::AddModel(Provider { provider, .. }) => {
                format!("Add a model key to {}", quoted(provider))
            }
            Self::ReplaceModel(_, model) => format!("Replace the key of {}", quoted(model)),
            Self::Delete(_, Some(model)) => format!("Delete the key of {}?", quoted(model)),
            Self::Delete(Provider { provider, .. }, None) => {
                format!("Delete {}?", quoted(provider))
            }
        }
    }

    /// What the toast says; `name` is the provider or the model.
    pub fn done(&self, name: &str) -> String {
        let name = quoted(name);
        match self {
            Self::Add => format!("{name} added"),
            Self::SetKey(Provider { has_key: false, .. }) | Self::AddModel(_) => {
                format!("Key of {name} added")
            }
            Self::SetKey(_) | Self::ReplaceModel(..) => format!("Key of {name} replaced"),
            Self::Edit(_) => format!("{name} changed"),
            Self::Delete(_, None) => format!("{name} deleted"),
            Self::Delete(_, Some(_)) => format!("Key of {name} deleted"),
        }
    }

    /// Why the name is taken in `now`, the present provider: adding it would replace its key.
    pub fn taken(&self, name: &str, now: Option<&Provider>) -> Option<String> {
        let way = match self {
            Self::Add if now?.has_key => "Replace key",
            Self::Add => "Add key",
            Self::AddModel(_) => {
                now?.models.iter().find(|model| model.model == name)?;
                "Replace"
            }
            _ => return None,
        };
        Some(format!("{} is already here; use {way}", quoted(name)))
    }
}

/// What programs get once the provider is deleted.
pub fn without_provider(provider: &Provider) -> String {
    let models = i64::try_from(provider.models.len()).unwrap_or(i64::MAX);
    let keys = plural(models, "model");
    let what = match (provider.has_key, models) {
        (true, 0) => "Its key is deleted".to_owned(),
        (true, 1) => "Its key and the key of 1 model are deleted".to_owned(),
        (true, _) => format!("Its key and the keys of {keys} are deleted"),
        (false, 1) => "The key of its 1 model is deleted".to_owned(),
        (false, _) => format!("The keys of its {keys} are deleted"),
    };
    format!("{what} and cannot be restored. Programs that ask for {} get none.", provider.provider)
}

/// What programs get once the key of the model is deleted.
pub fn without_model(provider: &Provider) -> String {
    let name = &provider.provider;
    let instead = if provider.has_key {
        format!("the key of {name}")
    } else {
        format!("none, since {name} has no key of its own")
    };
    format!("It cannot be restored. Programs that ask for this model get {instead}.")
}

#[cfg(test)]
mod tests {
    use keyward_api::providers::ModelCredential;
    use time::OffsetDateTime;

    use super::*;

    fn provider(name: &str, has_key: bool, models: &[&str]) -> Provider {
        let at = OffsetDateTime::UNIX_EPOCH;
        let model = |model: &&str| ModelCredential {
            altered: false,
            model: (*model).to_owned(),
            hint: None,
            created_at: at,
            updated_at: at,
            created_by: None,
        };
        Provider {
            altered: false,
            provider: name.to_owned(),
            has_key,
            hint: None,
            base_url: None,
            note: None,
            created_at: None,
            updated_at: None,
            created_by: None,
            models: models.iter().map(model).collect(),
        }
    }

    #[test]
    fn what_is_in_the_list_is_not_replaced_unawares() {
        let openai = provider("openai", true, &["gpt-5"]);
        let azure = provider("azure", false, &["gpt-5"]);
        let sentence = "\u{201c}openai\u{201d} is already here; use Replace key";
        assert_eq!(DialogRequest::Add.taken("openai", Some(&openai)).as_deref(), Some(sentence));
        let taken = DialogRequest::Add.taken("azure", Some(&azure));
        assert!(taken.is_some_and(|text| text.ends_with("use Add key")));
        assert_eq!(DialogRequest::Add.taken("gpt-5", None), None);
        let model = DialogRequest::AddModel(provider("azure", false, &[]));
        let sentence = "\u{201c}gpt-5\u{201d} is already here; use Replace";
        assert_eq!(model.taken("gpt-5", Some(&azure)).as_deref(), Some(sentence));
        assert_eq!(model.taken("openai", Some(&azure)), None);
        assert_eq!(model.taken("gpt-5", None), None);
        let replacing = DialogRequest::SetKey(provider("openai", true, &[]));
        assert_eq!(replacing.taken("openai", Some(&openai)), None);
    }

    #[test]
    fn a_deletion_says_how_much_goes_and_what_programs_get() {
        let cases = [
            (provider("a", true, &[]), "Its key is deleted and "),
            (provider("a", true, &["m"]), "Its key and the key of 1 model are deleted and "),
            (provider("a", true, &["m", "n"]), "Its key and the keys of 2 models are deleted and "),
            (provider("a", false, &["m"]), "The key of its 1 model is deleted and "),
            (provider("a", false, &["m", "n"]), "The keys of its 2 models are deleted and "),
        ];
        for (provider, beginning) in cases {
            let text = without_provider(&provider);
            assert!(text.starts_with(beginning), "{text}");
            assert!(text.ends_with("Programs that ask for a get none."), "{text}");
        }
        let of_model = |has_key| without_model(&provider("a", has_key, &["m"]));
        assert!(of_model(true).ends_with("get the key of a."));
        assert!(of_model(false).ends_with("get none, since a has no key of its own."));
    }
}
