//! What the server found when it verified the log.

use crate::http::Body;
use crate::json::Json;
use crate::text::grouped;

const NAMED: u32 = 5;

/// The answer, an `AuditVerification`.
#[derive(Clone)]
pub struct Verified {
    pub is_valid: bool,
    /// The first break that is not acknowledged.
    pub broken: (u64, String),
    pub words: String,
}

impl Verified {
    /// An answer without `valid: true` is reported as a break.
    pub fn read(body: &Body) -> Option<Self> {
        let data = body.json.member("data");
        let number = |name| data.member(name).number().ok().map(grouped);
        let mut words = format!("Chain verified through entry {}.", number("verified")?);
        let breaks = data.member("breaks");
        if !breaks.is_empty_list() {
            words = format!("{words} Breaks: {}.", number("totalBreaks")?);
        }
        for one in breaks.items(NAMED) {
            let known = if one.member("acknowledged").is_object() { " (acknowledged)" } else { "" };
            let (seq, reason) = entry(&one);
            words = format!("{words} {}: {reason}{known}.", grouped(seq));
        }
        let is_valid = data.member("valid").boolean() == Ok(true);
        Some(Self { is_valid, broken: entry(&data.member("broken")), words })
    }
}

fn entry(json: &Json) -> (u64, String) {
    let seq = json.member("seq").number().unwrap_or_default();
    (seq, json.member("reason").text().unwrap_or_default())
}
