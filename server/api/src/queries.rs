//! The queries of the API, as they are sent: every value is a text, so that a server can name the one
//! that is wrong.

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use crate::audit::AuditOutcome;
#[cfg(feature = "openapi")]
use crate::key_list::{KeyConcern, KeySort, KeyStatus};
#[cfg(feature = "openapi")]
use crate::providers::{ModelName, ProviderId};
#[cfg(feature = "openapi")]
use crate::scopes::Scope;

/// The query of a list that has no filter of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct ListQuery {
    /// Entries of one answer.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 1000, example = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `nextCursor` of the answer before.
    #[cfg_attr(feature = "openapi", param(pattern = "^[A-Za-z0-9_-]+$", max_length = 4096))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// A part of the name; case does not matter.
    #[cfg_attr(
        feature = "openapi",
        param(max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "git")
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// The query of a list that is not searched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct PageQuery {
    /// Entries of one answer.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 1000, example = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `nextCursor` of the answer before.
    #[cfg_attr(feature = "openapi", param(pattern = "^[A-Za-z0-9_-]+$", max_length = 4096))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The query of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct KeysQuery {
    /// Keys of one answer.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 1000, example = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `nextCursor` of the answer before, in the same order.
    #[cfg_attr(feature = "openapi", param(pattern = "^[A-Za-z0-9_-]+$", max_length = 4096))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// A part of the name, the first 4 or more characters of the prefix that is shown, or the
    /// whole id; case does not matter.
    #[cfg_attr(
        feature = "openapi",
        param(max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "billing")
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// What became of the key.
    #[cfg_attr(feature = "openapi", param(inline, value_type = Option<KeyStatus>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What about the key may need a person.
    #[cfg_attr(feature = "openapi", param(inline, value_type = Option<KeyConcern>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// A scope that the key has, word for word.
    #[cfg_attr(feature = "openapi", param(value_type = Option<Scope>, example = "orders:write"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The order; `createdAt`, the oldest first, by default.
    #[cfg_attr(feature = "openapi", param(inline, value_type = Option<KeySort>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
}

/// The query of the list alone: an export has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct LimitQuery {
    /// Entries of one answer.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 1000, example = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// The query of the list and of the export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct AuditQuery {
    /// `nextCursor` of the answer before.
    #[cfg_attr(feature = "openapi", param(pattern = "^[1-9][0-9]{0,17}$", example = "1000000"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// A part of the actor's name or of the target; case does not matter.
    #[cfg_attr(
        feature = "openapi",
        param(max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "ada")
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// A part of the actor's name, or a whole id; case does not matter.
    #[cfg_attr(
        feature = "openapi",
        param(
            max_length = 255,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$",
            example = "ada@example.com"
        )
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// A whole action (`secret.read`) or its noun (`secret`).
    #[cfg_attr(
        feature = "openapi",
        param(max_length = 255, pattern = "^[a-z.]*$", example = "secret.read")
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// A part of the target; case does not matter.
    #[cfg_attr(
        feature = "openapi",
        param(
            max_length = 255,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$",
            example = "GITHUB_TOKEN"
        )
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether it was done.
    #[cfg_attr(feature = "openapi", param(inline, value_type = Option<AuditOutcome>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Not before this time.
    #[cfg_attr(feature = "openapi", param(format = DateTime, example = "2026-01-01T00:00:00Z"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Before this time.
    #[cfg_attr(feature = "openapi", param(format = DateTime, example = "2099-12-31T23:59:59Z"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The query of `/api/resolve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct ResolveQuery {
    /// The provider.
    #[cfg_attr(feature = "openapi", param(required = true, value_type = ProviderId, example = "openai"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model; without it, the key of the provider itself.
    #[cfg_attr(feature = "openapi", param(value_type = Option<ModelName>, example = "gpt-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `true` tells which key would be used, without the key.
    #[cfg_attr(feature = "openapi", param(value_type = Option<bool>, default = false))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_what_it_has_and_nothing_else() {
        let query = KeysQuery { q: Some("ci".into()), ..KeysQuery::default() };
        assert_eq!(serde_json::to_string(&query).unwrap(), r#"{"q":"ci"}"#);
        assert!(serde_json::from_str::<KeysQuery>(r#"{"unknown":"1"}"#).is_err());
    }
}
