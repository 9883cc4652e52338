//! The one route table and the one layer stack. Forward auth is answered before it, in
//! [`crate::http::service`].

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, middleware};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use keyward_api::paths;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::Error;
use crate::http::extract::X_REQUEST_ID;
use crate::http::methods::{self, Methods};
use crate::http::openapi::{self, Document};
use crate::http::query_parameters::{self, Described};
use crate::http::service::MakeService;
use crate::http::whole_body::{BodySlots, read_whole_body};
use crate::http::{health, metrics_page, page};
use crate::state::AppState;
use crate::{
    audit, encryption, keys, oidc, overview, providers, replicas, secrets, session, users,
};

/// Largest body of a request, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// Largest body that brings a value: 64 KiB, each byte of it escaped.
const VALUE_BODY_LIMIT: usize = 6 * 64 * 1024 + 8 * 1024;

/// After this time a request is answered with 503. A change of a key may wait for a server that is
/// silent as well.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Work that grows with what is stored, and goes on when nobody waits any more.
const WITHOUT_TIMEOUT: [&str; 2] = [paths::ENCRYPTION_ROTATE, paths::AUDIT_VERIFY];

/// No inline script or style, nothing from elsewhere, and no frame around it.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The API's documentation page sets styles from its scripts.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Everything the server answers.
pub fn build(state: AppState) -> MakeService {
    let (api, document) = described(state.sign_in.cookies.session_name());
    let described = Arc::new(Described::by(&document));
    let methods = Methods::of(&document);
    let api = api
        .route_layer(middleware::from_fn_with_state(described, query_parameters::refuse_unknown));
    let docs = utoipa_swagger_ui::SwaggerUi::new("/api/docs").url("/api/openapi.json", document);
    let docs = Router::from(docs).layer(header(CONTENT_SECURITY_POLICY, DOCS_POLICY));
    let wait = state.replicas.membership.longest_wait();
    // Outermost first; a layer sees a request before those below it.
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn(drop_odd_request_id))
        .layer(SetRequestIdLayer::new(X_REQUEST_ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(on_response()))
        .layer(PropagateRequestIdLayer::new(X_REQUEST_ID))
        .layer(header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(header(REFERRER_POLICY, HeaderValue::from_static("same-origin")))
        .layer(header(CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(middleware::from_fn(no_store_under_api))
        .layer(middleware::from_fn_with_state(wait, time_out))
        .layer(csrf(state.public_url.origin().ascii_serialization()))
        .layer(middleware::from_fn_with_state(methods, methods::refuse_head));
    let app = Router::new()
        .merge(api)
        .merge(docs)
        .route("/api", any(no_route))
        .route("/api/", any(no_route))
        .route("/api/{*path}", any(no_route))
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .merge(page::router())
        .layer(layers);
    let app = match state.public_url.scheme() {
        "https" => {
            let one_year = HeaderValue::from_static("max-age=31536000");
            app.layer(header(STRICT_TRANSPORT_SECURITY, one_year))
        }
        _ => app,
    };
    let (forward_auth, proxies) = (Some(state.forward_auth.clone()), state.proxies.clone());
    MakeService { forward_auth, proxies, router: app.with_state(state) }
}

/// What the address of the metrics answers.
pub fn build_metrics(state: AppState) -> MakeService {
    let router = Router::new().route("/metrics", get(metrics_page::show)).fallback(no_route);
    let (forward_auth, proxies) = (None, state.proxies.clone());
    MakeService { forward_auth, proxies, router: router.with_state(state) }
}

/// The routes of the API and the document that describes them, for sessions in this cookie.
pub fn described(cookie: &str) -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (api, mut document) = api().split_for_parts();
    openapi::complete(&mut document, cookie);
    (api, document)
}

/// The routes that the OpenAPI document describes.
fn api() -> OpenApiRouter<AppState> {
    let places = BodySlots::default();
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics_page::metrics))
        .routes(routes!(session::handlers::setup::status, session::handlers::setup::complete))
        .routes(routes!(
            session::handlers::who_am_i,
            session::handlers::sign_in,
            session::handlers::sign_out
        ))
        .routes(routes!(users::handlers::list))
        .routes(routes!(users::handlers::update, users::handlers::delete))
        .routes(routes!(users::handlers::list_invitations, users::handlers::invite))
        .routes(routes!(users::handlers::take_back))
        .routes(routes!(users::handlers::check))
        .routes(routes!(users::handlers::accept))
        .routes(routes!(session::handlers::password::change))
        .routes(routes!(session::handlers::sessions::list, session::handlers::sessions::end_others))
        .routes(routes!(session::handlers::sessions::end))
        .routes(routes!(session::handlers::totp::create, session::handlers::totp::enable))
        .routes(routes!(session::handlers::totp::disable))
        .routes(routes!(session::handlers::totp::renew_recovery_codes))
        .routes(routes!(oidc::handlers::start))
        .routes(routes!(oidc::handlers::callback))
        .routes(routes!(overview::handlers::show))
        .routes(routes!(overview::handlers::keep_root_key))
        .routes(routes!(keys::handlers::list, keys::handlers::create))
        .routes(routes!(keys::handlers::get, keys::handlers::update, keys::handlers::delete))
        .routes(routes!(keys::handlers::rotate))
        .routes(routes!(keys::handlers::end_overlap))
        .routes(routes!(keys::handlers::verify))
        .routes(routes!(replicas::handlers::list))
        .routes(routes!(encryption::handlers::status))
        .routes(routes!(encryption::handlers::rotate))
        .routes(routes!(audit::handlers::list))
        .routes(routes!(audit::handlers::verify))
        .routes(routes!(audit::handlers::progress))
        .routes(routes!(audit::handlers::export))
        .layer(middleware::from_fn_with_state(places.clone(), read_whole_body))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(values(&places))
}

/// Values are larger than any other input.
fn values(places: &BodySlots) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(secrets::handlers::list, secrets::handlers::create))
        .routes(routes!(
            secrets::handlers::reveal,
            secrets::handlers::update,
            secrets::handlers::delete
        ))
        .routes(routes!(secrets::handlers::access))
        .routes(routes!(providers::handlers::list))
        .routes(routes!(
            providers::handlers::set,
            providers::handlers::update,
            providers::handlers::delete
        ))
        .routes(routes!(providers::handlers::set_model, providers::handlers::delete_model))
        .routes(routes!(providers::handlers::resolve))
        .layer(middleware::from_fn_with_state(places.clone(), read_whole_body))
        .layer(DefaultBodyLimit::max(VALUE_BODY_LIMIT))
}

async fn no_route() -> Error {
    Error::NoRoute
}

/// Refuses writes that a browser sends on behalf of another site. The public URL is named
/// because a proxy may change the `Host` that the origin is compared with.
fn csrf(origin: String) -> CsrfLayer<impl Fn(ProtectionError) -> Response + Clone> {
    let layer = CsrfLayer::new().add_trusted_origin(&origin).unwrap_or_else(|error| {
        tracing::warn!(%error, "the public URL has no origin; only the Host header is compared");
        CsrfLayer::new()
    });
    layer.with_rejection_response(move |_| Error::CrossSite(origin.clone()).into_response())
}

fn header(name: HeaderName, value: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, value)
}

/// A proxy in front may name the request; what would not fit a log line is replaced.
async fn drop_odd_request_id(mut request: Request, next: middleware::Next) -> Response {
    let fits = |id: &HeaderValue| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        id.len() <= 64 && id.as_bytes().iter().all(plain)
    };
    if !request.headers().get_all(X_REQUEST_ID).iter().all(fits) {
        request.headers_mut().remove(X_REQUEST_ID);
    }
    next.run(request).await
}

/// The path, but neither the query nor any header: a person may have put a secret there.
fn span(request: &Request) -> tracing::Span {
    let id =
        request.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

fn on_response() -> DefaultOnResponse {
    DefaultOnResponse::new().level(Level::INFO)
}

async fn no_store_under_api(request: Request, next: middleware::Next) -> Response {
    let is_api = request.uri().path().starts_with("/api");
    let mut response = next.run(request).await;
    if is_api {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn time_out(
    State(wait): State<Duration>,
    request: Request,
    next: middleware::Next,
) -> Response {
    if WITHOUT_TIMEOUT.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let changes_key = request.uri().path().starts_with(paths::KEYS) && !request.method().is_safe();
    let timeout = if changes_key { TIMEOUT + wait } else { TIMEOUT };
    let answered = tokio::time::timeout(timeout, next.run(request)).await;
    answered.unwrap_or_else(|_| Error::TimedOut.into_response())
}

fn answer_panic(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic.downcast_ref::<&str>().copied().unwrap_or("a panic");
    Error::Internal(text.to_owned()).into_response()
}
