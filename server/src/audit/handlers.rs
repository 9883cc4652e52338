//! `/api/admin/audit`: reading, checking and exporting the log.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use keyward_api::audit::{AuditCheck, AuditEntry, AuditOutcome, AuditVerification};
use keyward_api::queries::{AuditQuery, LimitQuery};
use keyward_api::{Data, Page, paths};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::answer::{entry, verification};
use super::export::Export;
use super::permissions::ReadAudit;
use super::reader::{Entries, Reader};
use super::store::AuditFilter;
use crate::access::Allowed;
use crate::http::error::Error;
use crate::http::extract::Query;
use crate::http::paging;

/// The newest entries first. `total` is there when there is no filter.
#[utoipa::path(
    get, path = paths::AUDIT, operation_id = "listAuditEntries", tag = "audit",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(LimitQuery, AuditQuery), responses((status = 200, body = Page<AuditEntry>))
)]
pub async fn list(
    allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
    Query(LimitQuery { limit }): Query<LimitQuery>,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<Page<AuditEntry>>, Error> {
    let limit: u64 = paging::limit(limit.as_deref())?;
    let (before, filter) = (cursor(&query)?.unwrap_or(i64::MAX), filter(&query)?);
    let found = reader.list(allowed.actor(), &filter, before, limit).await?;
    let Entries { entries, has_more, total } = found;
    let next_cursor = entries.last().filter(|_| has_more).map(|last| last.seq.to_string());
    Ok(axum::Json(Page { data: entries.into_iter().map(entry).collect(), next_cursor, total }))
}

/// Checks the whole log.
#[utoipa::path(
    get, path = paths::AUDIT_VERIFY, operation_id = "verifyAuditLog", tag = "audit",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    responses((status = 200, body = Data<AuditVerification>))
)]
pub async fn verify(
    _allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
) -> Result<axum::Json<Data<AuditVerification>>, Error> {
    let found = reader.verify().await?;
    Ok(axum::Json(Data { data: verification(&found) }))
}

/// How far the check is that runs on this server.
#[utoipa::path(
    get, path = paths::AUDIT_VERIFY_PROGRESS, operation_id = "getAuditVerification", tag = "audit",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    responses((status = 200, body = Data<AuditCheck>))
)]
pub async fn progress(
    _allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
) -> axum::Json<Data<AuditCheck>> {
    axum::Json(Data { data: AuditCheck { running: reader.log().0.progress() } })
}

/// The log as JSON lines, newest first. Cut off when the session ends or the key is revoked meanwhile.
#[utoipa::path(
    get, path = paths::AUDIT_EXPORT, operation_id = "exportAuditLog", tag = "audit",
    security(("session" = []), ("apiKey" = []), ("bearer" = [])),
    params(AuditQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = String))
)]
pub async fn export(
    allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Error> {
    let (cursor, filter) = (cursor(&query)?, filter(&query)?);
    let lines = Export::begin(&reader, allowed.actor(), filter, cursor).await?;
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"keyward-audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(lines.into_stream())).into_response())
}

/// Before which entry the answer begins.
fn cursor(query: &AuditQuery) -> Result<Option<i64>, Error> {
    let Some(text) = &query.cursor else { return Ok(None) };
    let cursor = text.parse().ok().filter(|cursor| *cursor > 0);
    cursor.ok_or_else(paging::bad_cursor).map(Some)
}

fn filter(query: &AuditQuery) -> Result<AuditFilter, Error> {
    Ok(AuditFilter {
        q: paging::text("q", query.q.as_deref())?,
        actor: paging::text("actor", query.actor.as_deref())?,
        action: action(query.action.as_ref())?,
        target: paging::text("target", query.target.as_deref())?,
        outcome: query.outcome.as_deref().map(outcome).transpose()?,
        since: time("since", query.since.as_ref())?,
        until: time("until", query.until.as_ref())?,
    })
}

fn action(text: Option<&String>) -> Result<Option<String>, Error> {
    let text = text.filter(|text| !text.is_empty());
    let fits = text.is_none_or(|text| {
        text.len() <= paging::MAX_TEXT && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'.')
    });
    let message = "Expected an action like secret.read, or its noun";
    if fits { Ok(text.cloned()) } else { Err(Error::field("action", message)) }
}

fn time(name: &str, text: Option<&String>) -> Result<Option<OffsetDateTime>, Error> {
    let parsed = text.map(|text| OffsetDateTime::parse(text, &Rfc3339)).transpose();
    parsed.map_err(|_| Error::field(name, "Expected a time like 2026-01-31T12:00:00Z"))
}

fn outcome(text: &str) -> Result<AuditOutcome, Error> {
    match text {
        "success" => Ok(AuditOutcome::Success),
        "refused" => Ok(AuditOutcome::Refused),
        _ => Err(Error::field("outcome", "Expected success or refused")),
    }
}
