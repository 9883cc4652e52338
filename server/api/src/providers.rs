//! Credentials of providers as they cross the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Sensitive;
use crate::patch::present;
pub use crate::provider_key::{ProviderKey, ProviderKeyError};
pub use crate::provider_names::{
    BaseUrl, BaseUrlError, ModelName, ModelNameError, ProviderId, ProviderIdError, model_id,
};
use crate::secrets::Description;

/// One provider: never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provider {
    /// Its name.
    pub provider: String,
    /// Whether it has a key itself, and not only some of its models. What follows, up to the
    /// models, is known only then.
    pub has_key: bool,
    /// The last 4 characters of the key, if it has at least 12.
    pub hint: Option<String>,
    /// Where the provider is reached.
    pub base_url: Option<String>,
    /// What a person wrote about it.
    pub note: Option<String>,
    /// When the key was entered first.
    #[serde(with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    /// When anything of it was changed last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub updated_at: Option<OffsetDateTime>,
    /// Who entered it first.
    pub created_by: Option<String>,
    /// The stored row was changed outside of Keyward: its key is not given out.
    // The page, whose size counts, does not read it.
    #[cfg_attr(not(feature = "openapi"), serde(skip_deserializing))]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub altered: bool,
    /// Its models that have a key of their own, by name.
    pub models: Vec<ModelCredential>,
}

/// A model with a key of its own: never the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelCredential {
    /// The name of the model.
    pub model: String,
    /// The last 4 characters of the key, if it has at least 12.
    pub hint: Option<String>,
    /// When the key was entered first.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was replaced last.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Who entered it first.
    pub created_by: Option<String>,
    /// The stored row was changed outside of Keyward: its key is not given out.
    // The page, whose size counts, does not read it.
    #[cfg_attr(not(feature = "openapi"), serde(skip_deserializing))]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub altered: bool,
}

/// `PUT /api/providers/{provider}`: enters the key or replaces it. What else is absent
/// stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetProvider {
    /// What is sealed.
    pub value: ProviderKey,
    /// Where the provider is reached, or `null` for nowhere in particular; plain text in the
    /// database.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BaseUrl>))]
    pub base_url: Option<Option<BaseUrl>>,
    /// A note, or `null` for none; plain text in the database.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Description>))]
    pub note: Option<Option<Description>>,
}

/// `PATCH /api/providers/{provider}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateProvider {
    /// Where the provider is reached, or `null` for nowhere in particular.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BaseUrl>))]
    pub base_url: Option<Option<BaseUrl>>,
    /// A note, or `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Description>))]
    pub note: Option<Option<Description>>,
}

/// `PUT /api/providers/{provider}/models/{model}`: enters the key or replaces it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetModel {
    /// What is sealed.
    pub value: ProviderKey,
}

/// Whose key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Source {
    /// The model's own.
    Model,
    /// The provider's.
    Provider,
}

impl Source {
    /// As it is sent and recorded.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
        }
    }
}

/// `GET /api/resolve`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resolved {
    /// The provider that was asked for.
    pub provider: String,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The key, byte for byte.
    pub value: Sensitive,
    /// Whose key it is.
    pub source: Source,
    /// Where the provider is reached, if somebody has entered that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// `GET /api/resolve` with `explain=true`: which key would be used, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explained {
    /// The provider that was asked for.
    pub provider: String,
    /// The model that was asked for.
    pub model: Option<String>,
    /// Whose key would be used.
    pub source: Source,
    /// Why, as a sentence.
    pub reason: String,
    /// The last 4 characters of that key, if it has at least 12.
    pub hint: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_null_and_set_are_three_things() {
        let parse = |json| serde_json::from_str::<SetProvider>(json);
        assert!(parse(r#"{"value":"v"}"#).is_ok_and(|set| set.base_url.is_none()));
        assert_eq!(parse(r#"{"value":"v","note":null}"#).unwrap().note, Some(None));
        assert!(parse(r#"{"note":"n"}"#).is_err());
        assert!(parse(r#"{"value":"v","base_url":"https://x"}"#).is_err());
    }

    #[test]
    fn debug_does_not_show_a_value() {
        let set: SetProvider = serde_json::from_str(r#"{"value":"planted-value"}"#).unwrap();
        assert!(!format!("{set:?}").contains("planted"));
        let resolved = Resolved {
            provider: "a".into(),
            model: None,
            value: "planted".to_owned().into(),
            source: Source::Provider,
            base_url: None,
        };
        assert!(!format!("{resolved:?}").contains("planted"));
        let json = serde_json::to_string(&resolved).unwrap();
        assert_eq!(json, r#"{"provider":"a","model":null,"value":"planted","source":"provider"}"#);
    }
}
