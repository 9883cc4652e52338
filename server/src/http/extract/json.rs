//! JSON bodies, with refusals in the form of [`Error`].

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::http::error::Error;

/// A JSON body. Says which field is wrong, and never repeats what it held.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(refused_body)?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    // Two of them could be about two bodies.
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let media_type = value.to_str().ok().and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

/// The answer to a body that is too large, or was cut off.
pub fn refused_body(rejection: BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::BodyTooLarge,
        _ => Error::InvalidJson("The request body did not arrive whole".into()),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // serde would take `["name", [], null]` for an object without the names.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(Error::field("body", "Expected an object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(refused_value)?;
    json.end()
        .map_err(|_| Error::InvalidJson("Expected one JSON value and nothing after it".into()))?;
    Ok(value)
}

fn refused_value(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    if !error.inner().is_data() {
        let (line, column) = (error.inner().line(), error.inner().column());
        return Error::InvalidJson(format!("Invalid JSON at line {line}, column {column}"));
    }
    let path = error.path().to_string();
    let text = error.inner().to_string();
    // From the right: a text that was sent may hold the same words.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let quoted = |prefix: &str| text.strip_prefix(prefix)?.split('`').next();
    // The path leads to the object, or to the field in it.
    let of_object = |field: &str| match path.rsplit_once('.') {
        _ if path == "." || path == field => field.to_owned(),
        Some((object, last)) if last == field => format!("{object}.{field}"),
        _ => format!("{path}.{field}"),
    };
    if let Some(field) = quoted("missing field `") {
        return Error::field(&of_object(field), format!("{} is required", title(field)));
    }
    if let Some(field) = quoted("unknown field `") {
        return Error::field(&of_object(field), "Unknown field");
    }
    if let Some(field) = quoted("duplicate field `") {
        return Error::field(&of_object(field), "Duplicate field");
    }
    let named = ["invalid type: ", "invalid value: ", "unknown variant "];
    if let Some(rest) = named.iter().find_map(|kind| text.strip_prefix(kind)) {
        // "integer `5`, expected a string": the first half may hold what was sent.
        let (found, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, "another type"));
        if found.starts_with("null") {
            return Error::field(&path, format!("{} is required", title(&path)));
        }
        return Error::field(&path, format!("Expected {expected}"));
    }
    // Ours, from `TryFrom`: a sentence for a person.
    Error::field(&path, text)
}

/// `expiresAt` -> `Expires at`.
fn title(field: &str) -> String {
    let mut words = String::with_capacity(field.len() + 2);
    for c in field.chars() {
        match c {
            c if words.is_empty() => words.extend(c.to_uppercase()),
            c if c.is_uppercase() => {
                words.push(' ');
                words.extend(c.to_lowercase());
            }
            c => words.push(c),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use keyward_api::keys::CreateApiKey;

    use super::*;

    fn refusal(body: &str) -> (String, String) {
        match parse::<CreateApiKey>(body.as_bytes()) {
            Err(Error::Validation(fields)) => (fields[0].field.clone(), fields[0].message.clone()),
            Err(Error::InvalidJson(detail)) => ("-".into(), detail),
            other => panic!("not refused as input: {other:?}"),
        }
    }

    #[test]
    fn each_mistake_names_its_field() {
        let cases = [
            ("{}", "name", "Name is required"),
            (r#"{"name":null}"#, "name", "Name is required"),
            (r#"{"name":"  "}"#, "name", "Name is required"),
            (r#"{"name":5}"#, "name", "Expected a string"),
            (r#"{"name":"a","colour":1}"#, "colour", "Unknown field"),
            (
                r#"{"name":"a","scopes":["A"]}"#,
                "scopes[0]",
                "Scope must look like orders:write (lower case, at most 128 characters)",
            ),
            (r#"{"name":"a","name":"b"}"#, "name", "Duplicate field"),
            (r#"{"name":"a","rateLimit":{}}"#, "rateLimit.requests", "Requests is required"),
            (r#"{"name":"a","rateLimit":{"x":1}}"#, "rateLimit.x", "Unknown field"),
            ("[]", "body", "Expected an object"),
            (r#"["a",[],null]"#, "body", "Expected an object"),
        ];
        for (body, field, message) in cases {
            let (got_field, got_message) = refusal(body);
            assert_eq!((got_field.as_str(), got_message.as_str()), (field, message), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert_eq!(refusal("{\"name\"").1, "Invalid JSON at line 1, column 7");
        assert_eq!(refusal("").1, "Invalid JSON at line 1, column 0");
        assert_eq!(refusal(r#"{"name":"a"} x"#).1, "Expected one JSON value and nothing after it");
    }

    #[test]
    fn a_refused_value_is_not_repeated() {
        assert!(!refusal(r#"{"name":["planted"]}"#).1.contains("planted"));
        assert!(!refusal(r#"{"name":"a","scopes":"planted"}"#).1.contains("planted"));
        let sly = r#"{"name":"a","scopes":"x, expected planted at line "}"#;
        assert!(!refusal(sly).1.contains("planted"));
        assert!(!refusal(r#"{"name":"a","expiresAt":"planted"}"#).1.contains("planted"));
    }
}
