//! The page, built into the program: see `build.rs` and `frontend/build.mjs`.
//!
//! Files under `/assets/` have the hash of their content in their name and are kept by
//! browsers for a year; the HTML is asked for again each time. Every page of the
//! application is the same HTML; any other path is that HTML with status 404, and the
//! application says that nothing is there.

use axum::Router;
use memory_serve::{CacheControl, MemoryServe};

/// Paths that the application knows, in `frontend/src/routes.rs`.
const PAGES: [&str; 9] = [
    "/setup",
    "/login",
    "/invitation",
    "/account",
    "/settings/secrets",
    "/admin/audit",
    "/admin/users",
    "/admin/encryption",
    "/admin/replicas",
];

/// The documents, which the page's build makes of `server/docs`.
const DOCS: &str = "/docs/index.html";

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let serve = memory_serve::load!()
        .index_file(Some("/index.html"))
        .fallback(Some("/index.html"))
        .html_cache_control(CacheControl::NoCache)
        .cache_control(CacheControl::Long)
        .enable_brotli(true)
        .enable_gzip(true);
    PAGES
        .into_iter()
        .fold(serve, |serve: MemoryServe, page| serve.add_alias(page, "/index.html"))
        .add_alias("/docs", DOCS)
        .add_alias("/docs/", DOCS)
        .into_router()
}
