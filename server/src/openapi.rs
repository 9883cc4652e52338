//! The OpenAPI document, but for the paths of handlers, which come from those.

use keyward_api::Data;
use keyward_api::keys::VerifiedCaller;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// What the paths are added to.
#[derive(OpenApi)]
#[openapi(
    info(title = "Keyward", description = "Named API keys for external callers, and a vault for third-party secrets."),
    // What is answered outside the router.
    paths(verify, verify_for_envoy),
    modifiers(&Credentials)
)]
pub struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let key = ApiKey::Header(ApiKeyValue::new("x-api-key"));
        components.add_security_scheme("apiKey", SecurityScheme::ApiKey(key));
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", bearer);
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        components.add_security_scheme("basic", basic);
    }
}

/// Adds the cookie that is a session, whose name depends on where the server is used.
pub fn name_session(document: &mut utoipa::openapi::OpenApi, cookie: &str) {
    let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie)));
    document.components.get_or_insert_default().add_security_scheme("session", session);
}

/// Forward auth: says who calls, in headers and as JSON, or 401. Any method. With `scope`, a
/// good key without that scope is 403; given more than once, all of them are needed. A scope
/// may be asked for in the header `X-Keyward-Scope` as well. Other parameters of the query are
/// ignored. `Basic` with the key as password is accepted with `KEYWARD_BASIC=on`.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options), path = "/api/verify", tag = "verify",
    security(("apiKey" = []), ("bearer" = []), ("basic" = [])), params(("scope" = Option<String>, Query)),
    responses(
        (status = 200, body = Data<VerifiedCaller>), (status = 401), (status = 403),
        (status = 429), (status = 503)
    )
)]
#[expect(dead_code, reason = "describes in the document what is answered outside the router")]
fn verify() {}

/// The same for Envoy, which puts the path of its client behind this one. The query is the
/// client's own; the header `X-Keyward-Scope` asks for a scope.
#[utoipa::path(
    method(get, head, post, put, patch, delete, options), path = "/api/verify/envoy/{path}",
    tag = "verify", security(("apiKey" = []), ("bearer" = []), ("basic" = [])), params(("path" = String, Path)),
    responses(
        (status = 200, body = Data<VerifiedCaller>), (status = 401), (status = 403),
        (status = 429), (status = 503)
    )
)]
#[expect(dead_code, reason = "describes in the document what is answered outside the router")]
fn verify_for_envoy() {}
