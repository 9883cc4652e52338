//! The one error body: RFC 9457 problem details with the members older clients read.

use serde::{Deserialize, Serialize};

/// What is wrong with one field of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field, as it is spelt in JSON; nested fields are joined with dots.
    pub field: String,
    /// A sentence to show beside the field.
    pub message: String,
}

/// `application/problem+json`, the body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The reason phrase of the status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence for a person.
    pub detail: String,
    /// A word for a program, in `snake_case`.
    pub code: String,
    /// The same as `status`, for clients of the older contract.
    pub status_code: u16,
    /// The same as `detail`, for clients of the older contract.
    pub message: String,
    /// One entry for each field that was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `already_created`: the id of what an earlier request with the same `Idempotency-Key`
    /// made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub id: Option<String>,
}

impl Problem {
    /// A problem of the given status, its reason phrase, a code and a sentence.
    pub fn new(status: u16, title: &str, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            status_code: status,
            message: detail.clone(),
            detail,
            errors: Vec::new(),
            id: None,
        }
    }

    /// What the server said about one field, if it said anything.
    pub fn field(&self, name: &str) -> Option<&str> {
        let error = self.errors.iter().find(|error| error.field == name)?;
        Some(&error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_has_the_members_of_both_contracts() {
        let problem = Problem::new(404, "Not Found", "key_not_found", "API key not found");
        assert_eq!(
            serde_json::to_value(problem).unwrap(),
            serde_json::json!({
                "type": "about:blank", "title": "Not Found", "status": 404,
                "detail": "API key not found", "code": "key_not_found",
                "statusCode": 404, "message": "API key not found",
            })
        );
    }
}
