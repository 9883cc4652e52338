//! What the server found when it verified the log.

use crate::http::Body;
use crate::json::Json;
use crate::text::grouped;

/// How many breaks are listed.
const NAMED: u32 = 6;

/// The answer, an `AuditVerification`.
#[derive(Clone)]
pub struct Verified {
    /// The first break that is not acknowledged, and what is intact before it; empty for none.
    pub broken: String,
    /// The breaks besides that one, each a sentence.
    pub others: Vec<String>,
    /// The last entry that is verified.
    pub through: String,
}

impl Verified {
    /// An answer without `valid: true` is reported as a break.
    pub fn read(body: &Body) -> Option<Self> {
        let data = body.json.member("data");
        let through = grouped(data.member("verified").number().ok()?);
        let total = data.member("totalBreaks").number().unwrap_or_default();
        let (first, broken) = entry(&data.member("broken"));
        let breaks: Vec<_> = data.member("breaks").items(NAMED).collect();
        let besides = |one: &Json| {
            let (seq, reason) = entry(one);
            if one.member("acknowledged").is_object() {
                Some(format!("{reason} Acknowledged."))
            } else {
                // The first says as well what is intact.
                (seq != first || !broken.starts_with(&reason)).then_some(reason)
            }
        };
        let mut others: Vec<_> = breaks.iter().filter_map(besides).collect();
        let rest = total.saturating_sub(breaks.len() as u64);
        if rest > 0 {
            others.push(format!("{} more.", grouped(rest)));
        }
        let broken = match (data.member("valid").boolean(), broken.as_str()) {
            (Ok(true), _) => String::new(),
            (_, "") => "The log is not as it was written.".to_owned(),
            _ => broken,
        };
        Some(Self { broken, others, through })
    }
}

fn entry(json: &Json) -> (u64, String) {
    let seq = json.member("seq").number().unwrap_or_default();
    (seq, json.member("reason").text().unwrap_or_default())
}
