//! `/api/admin/audit`: reading, checking and exporting the log.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use keyward_api::audit::{AuditCheck, AuditEntry, AuditOutcome, AuditVerification};
use keyward_api::{Data, Page, paths};
use serde::Deserialize;
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

/// The query of the list alone: an export has no limit.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LimitQuery {
    /// Entries of one answer.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 1000, example = 100)]
    limit: Option<String>,
}

/// The query of the list and of the export. Unknown names are refused before it is read
/// ([`crate::http::query_parameters`]).
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// `nextCursor` of the answer before.
    #[param(pattern = "^[1-9][0-9]{0,17}$", example = "1000000")]
    cursor: Option<String>,
    /// A part of the actor's name or of the target; case does not matter.
    #[param(max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "ada")]
    q: Option<String>,
    /// A part of the actor's name, or a whole id; case does not matter.
    #[param(
        max_length = 255,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "ada@example.com"
    )]
    actor: Option<String>,
    /// A whole action (`secret.read`) or its noun (`secret`).
    #[param(max_length = 255, pattern = "^[a-z.]*$", example = "secret.read")]
    action: Option<String>,
    /// A part of the target; case does not matter.
    #[param(max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "GITHUB_TOKEN")]
    target: Option<String>,
    /// Whether it was done.
    #[param(inline, value_type = Option<AuditOutcome>)]
    outcome: Option<String>,
    /// Not before this time.
    #[param(format = DateTime, example = "2026-01-01T00:00:00Z")]
    since: Option<String>,
    /// Before this time.
    #[param(format = DateTime, example = "2099-12-31T23:59:59Z")]
    until: Option<String>,
}

/// The newest entries first. `total` is there when there is no filter.
#[utoipa::path(
    get, path = paths::AUDIT, operation_id = "listAuditEntries", tag = "audit", security(("session" = [])),
    params(LimitQuery, AuditQuery), responses((status = 200, body = Page<AuditEntry>))
)]
pub async fn list(
    allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
    Query(LimitQuery { limit }): Query<LimitQuery>,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<Page<AuditEntry>>, Error> {
    let limit: u64 = paging::limit(limit.as_deref())?;
    let (before, filter) = (query.cursor()?.unwrap_or(i64::MAX), query.filter()?);
    let found = reader.list(allowed.actor(), &filter, before, limit).await?;
    let Entries { entries, has_more, total } = found;
    let next_cursor = entries.last().filter(|_| has_more).map(|last| last.seq.to_string());
    Ok(axum::Json(Page { data: entries.into_iter().map(entry).collect(), next_cursor, total }))
}

/// Checks the whole log.
#[utoipa::path(
    get, path = paths::AUDIT_VERIFY, operation_id = "verifyAuditLog", tag = "audit", security(("session" = [])),
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
    get, path = paths::AUDIT_VERIFY_PROGRESS, operation_id = "getAuditVerification", tag = "audit", security(("session" = [])),
    responses((status = 200, body = Data<AuditCheck>))
)]
pub async fn progress(
    _allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
) -> axum::Json<Data<AuditCheck>> {
    axum::Json(Data { data: AuditCheck { running: reader.log().0.progress() } })
}

/// The log as JSON lines, newest first. Cut off when the session ends meanwhile.
#[utoipa::path(
    get, path = paths::AUDIT_EXPORT, operation_id = "exportAuditLog", tag = "audit", security(("session" = [])),
    params(AuditQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = String))
)]
pub async fn export(
    allowed: Allowed<ReadAudit>,
    State(reader): State<Reader>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Error> {
    let (cursor, filter) = (query.cursor()?, query.filter()?);
    let lines = Export::begin(&reader, allowed.actor(), filter, cursor).await?;
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"keyward-audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(lines.into_stream())).into_response())
}

impl AuditQuery {
    /// Before which entry the answer begins.
    fn cursor(&self) -> Result<Option<i64>, Error> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let cursor = text.parse().ok().filter(|cursor| *cursor > 0);
        cursor.ok_or_else(paging::bad_cursor).map(Some)
    }

    fn filter(&self) -> Result<AuditFilter, Error> {
        Ok(AuditFilter {
            q: paging::text("q", self.q.as_deref())?,
            actor: paging::text("actor", self.actor.as_deref())?,
            action: action(self.action.as_ref())?,
            target: paging::text("target", self.target.as_deref())?,
            outcome: self.outcome.as_deref().map(outcome).transpose()?,
            since: time("since", self.since.as_ref())?,
            until: time("until", self.until.as_ref())?,
        })
    }
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
