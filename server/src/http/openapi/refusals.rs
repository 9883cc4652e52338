//! The refusals of each operation. Those that follow from its form are added here, by rule;
//! others, such as a name that is taken, stand at its handler.
//!
//! 1. Every route refuses a query that it does not know (400), and answers 503 when the store
//!    does not answer in time, and 500 for a fault of its own. Forward auth reads no such query.
//! 2. A route with a credential is 401 without one. Where a key is one, the key may lack the
//!    scope (403), or be used too often (429).
//! 3. A write from another site is 403.
//! 4. What a path names may not be there (404).
//! 5. A body may come too slowly (408), be too large (413), or be no JSON (415).
//! 6. Any other refusal has the same body: `4XX` and `5XX`. HTTP has a few that any server may
//!    answer, such as 405.

use http::StatusCode;
use keyward_api::Problem;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr};

use super::operations::operations;

/// A refusal that several operations have: what it means, and the code and the sentence of an
/// example.
struct Refusal(u16, &'static str, &'static str, &'static str);

const REFUSALS: [Refusal; 12] = [
    Refusal(
        400,
        "The request breaks a rule; `errors` names the fields.",
        "validation_failed",
        "Name is required",
    ),
    Refusal(
        401,
        "No credential, or one that is not good.",
        "unauthenticated",
        "A valid credential is required",
    ),
    Refusal(
        403,
        "A good credential that may not do this, or a write from another site.",
        "missing_scope",
        "This key lacks the scope secrets:read",
    ),
    Refusal(404, "Nothing has this name.", "key_not_found", "API key not found"),
    Refusal(
        408,
        "The body did not arrive in time.",
        "body_too_slow",
        "The request body did not arrive within 10 s",
    ),
    Refusal(
        409,
        "The stored row was changed outside of Keyward.",
        "credential_altered",
        "The stored credential of openai was changed outside of Keyward",
    ),
    Refusal(
        412,
        "`If-Match` does not hold: somebody else made a change.",
        "secret_changed",
        "Secret with key \"GITHUB_TOKEN\" was changed by somebody else",
    ),
    Refusal(413, "The body is too large.", "body_too_large", "The request body is too large"),
    Refusal(
        415,
        "The body is not JSON by its Content-Type.",
        "unsupported_media_type",
        "Expected a body with Content-Type: application/json",
    ),
    Refusal(
        429,
        "Too many requests or attempts.",
        "rate_limited",
        "This key is used too often; try again in 5 s",
    ),
    Refusal(
        500,
        "A fault of the server, or of what is stored.",
        "internal_error",
        "Something went wrong here",
    ),
    Refusal(
        503,
        "The store cannot answer, or the server is stopping.",
        "store_unavailable",
        "The database did not answer, so nothing was changed. Try again.",
    ),
];

/// Rule 6, as the keys of `responses` and of the components.
const OTHERS: [(&str, &str, &str); 2] =
    [("4XX", "Refused", "Any other refusal."), ("5XX", "Failed", "Any other failure.")];

/// Adds what the rules say, and gives the refusals at the handlers their body.
pub fn describe(document: &mut OpenApi) {
    let components = &mut document.components.get_or_insert_default().responses;
    for Refusal(status, description, code, sentence) in REFUSALS {
        let (name, title) = (name(status), title(status));
        let example = Problem::new(status, title, code, sentence);
        components.insert(name, RefOr::T(problem(status, description, Some(example))));
    }
    for (_, name, description) in OTHERS {
        components.insert(name.to_owned(), RefOr::T(problem(0, description, None)));
    }
    for (path, item) in &mut document.paths.paths {
        let is_routed = !path.starts_with("/api/verify");
        for (method, operation) in operations(item) {
            let by_rule = if is_routed { statuses(method, operation) } else { Vec::new() };
            complete(operation, &by_rule);
        }
    }
}

/// Rules 1 to 5.
fn statuses(method: &str, operation: &Operation) -> Vec<u16> {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let security: Vec<_> = security.as_array().into_iter().flatten().collect();
    let takes_keys = security.iter().any(|scheme| scheme.get("apiKey").is_some());
    let mut parameters = operation.parameters.iter().flatten();
    let names_something = parameters.any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path)
    });
    let has_body = operation.request_body.is_some();
    let rules: [(bool, &[u16]); 6] = [
        (true, &[400, 500, 503]),
        (!security.is_empty(), &[401]),
        (takes_keys, &[403, 429]),
        (method != "GET", &[403]),
        (names_something, &[404]),
        (has_body, &[408, 413, 415]),
    ];
    let that_apply = rules.into_iter().filter(|(applies, _)| *applies);
    that_apply.flat_map(|(_, statuses)| statuses.iter().copied()).collect()
}

fn complete(operation: &mut Operation, by_rule: &[u16]) {
    let responses = &mut operation.responses.responses;
    for status in by_rule {
        responses.entry(status.to_string()).or_insert_with(|| reference(&name(*status)));
    }
    for (range, name, _) in OTHERS {
        responses.entry(range.to_owned()).or_insert_with(|| reference(name));
    }
    for (status, response) in responses.iter_mut() {
        let RefOr::T(found) = response else { continue };
        match status.parse::<u16>() {
            Ok(status) if status >= 400 => {
                let description = std::mem::take(&mut found.description);
                *response = if description.is_empty() {
                    reference(&name(status))
                } else {
                    RefOr::T(problem(status, &description, None))
                };
            }
            _ if found.description.is_empty() => "Done.".clone_into(&mut found.description),
            _ => (),
        }
    }
}

fn reference(name: &str) -> RefOr<Response> {
    RefOr::Ref(Ref::from_response_name(name))
}

fn problem(status: u16, description: &str, example: Option<Problem>) -> Response {
    let example = example.and_then(|example| serde_json::to_value(example).ok());
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(example)
        .build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    let response = match status {
        401 => response.header("WWW-Authenticate", header(Type::String, "How to authenticate.")),
        429 => {
            response.header("Retry-After", header(Type::Integer, "When to try again, in seconds."))
        }
        _ => response,
    };
    response.build()
}

fn header(kind: Type, description: &str) -> utoipa::openapi::Header {
    let schema = ObjectBuilder::new().schema_type(kind).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

fn title(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}

/// The title without spaces.
fn name(status: u16) -> String {
    title(status).replace(' ', "")
}
