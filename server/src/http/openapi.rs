//! The OpenAPI document, but for the paths of handlers, which come from those. It is made in
//! this order:
//!
//! 1. [`Document`], and the paths of the handlers beside their code.
//! 2. [`complete`]: what is the same for all of them and would be forgotten at one.
//!
//! `server/openapi.json` is the result, compared by a test; `make openapi` writes it.

use keyward_api::challenge::API_KEY_HEADER;
use keyward_api::keys::VerifiedCaller;
use keyward_api::providers::{ModelName, ProviderId};
use keyward_api::scopes::Scope;
use keyward_api::{Data, FieldError, Problem, paths};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

mod envelopes;
mod ids;
mod links;
mod operations;
mod refusals;
#[cfg(test)]
mod tests;

/// What the paths are added to.
#[derive(OpenApi)]
#[openapi(
    info(title = "Keyward", description = "Named API keys for external callers, and a vault for third-party secrets."),
    // What is answered outside the router.
    paths(verify, verify_for_envoy),
    // What parameters and refusals refer to.
    components(schemas(FieldError, ModelName, Problem, ProviderId, Scope)),
    modifiers(&Credentials)
)]
pub struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let key = ApiKey::Header(ApiKeyValue::new(API_KEY_HEADER));
        components.add_security_scheme("apiKey", SecurityScheme::ApiKey(key));
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", bearer);
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        components.add_security_scheme("basic", basic);
    }
}

/// Completes the document of the routes. The session is a cookie whose name depends on where
/// the server is used.
pub fn complete(document: &mut utoipa::openapi::OpenApi, cookie: &str) {
    let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie)));
    document.components.get_or_insert_default().add_security_scheme("session", session);
    ids::distinguish(document);
    envelopes::refer(document);
    refusals::describe(document);
    links::add(document);
}

/// Forward auth: says who calls, in headers and as JSON, or 401. Any method. With `scope`, a
/// good key without that scope is 403; given more than once, all of them are needed. A scope
/// may be asked for in the header `X-Keyward-Scope` as well. Other parameters of the query are
/// ignored. `Basic` with the key as password is accepted with `KEYWARD_BASIC=on`.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options, trace), path = paths::VERIFY,
    operation_id = "verifyCaller", tag = "verify",
    security(("apiKey" = []), ("bearer" = []), ("basic" = [])),
    params(
        ("scope" = Option<String>, Query, nullable = false, example = "orders:write"),
        ("X-Keyward-Scope" = Option<String>, Header, nullable = false, example = "orders:write")
    ),
    responses(
        (
            status = 200, body = Data<VerifiedCaller>,
            headers(
                ("X-Keyward-Key-Id" = String, description = "The id of the key."),
                ("X-Keyward-Key-Name" = String, description = "Its name, percent-encoded UTF-8."),
                ("X-Keyward-Scopes" = String, description = "Its scopes, separated by spaces.")
            )
        ),
        (status = 401), (status = 403), (status = 429), (status = 503)
    )
)]
#[expect(dead_code, reason = "describes in the document what is answered outside the router")]
fn verify() {}

/// The same for Envoy, which puts the path of its client behind this one. The query is the
/// client's own; the header `X-Keyward-Scope` asks for a scope.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options, trace), path = "/api/verify/envoy/{path}",
    operation_id = "verifyEnvoyCaller", tag = "verify",
    security(("apiKey" = []), ("bearer" = []), ("basic" = [])),
    params(
        ("path" = String, Path, example = "orders"),
        ("X-Keyward-Scope" = Option<String>, Header, nullable = false, example = "orders:write")
    ),
    responses(
        (
            status = 200, body = Data<VerifiedCaller>,
            headers(
                ("X-Keyward-Key-Id" = String, description = "The id of the key."),
                ("X-Keyward-Key-Name" = String, description = "Its name, percent-encoded UTF-8."),
                ("X-Keyward-Scopes" = String, description = "Its scopes, separated by spaces.")
            )
        ),
        (status = 401), (status = 403), (status = 429), (status = 503)
    )
)]
#[expect(dead_code, reason = "describes in the document what is answered outside the router")]
fn verify_for_envoy() {}
