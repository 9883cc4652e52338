//! Whether a change of the store is reported by the commands that are there for it.

use std::fmt;

use crate::place::Place;
use crate::server::run;

/// What says that the store was changed from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// `keyward store check` has findings.
    Check(String),
    /// `keyward audit verify` fails.
    Audit,
    /// The store does not open.
    Refusal(String),
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(tables) => write!(f, "store check: {tables}"),
            Self::Audit => f.write_str("audit verify"),
            Self::Refusal(reason) => write!(f, "refused: {reason}"),
        }
    }
}

/// Asks both commands.
pub async fn reported(place: &Place, root: &str) -> Option<Reported> {
    let (code, findings) = run(place, root, &["store", "check", "--json"]).await;
    match code {
        1 => return Some(Reported::Check(tables(&findings))),
        78 => return Some(Reported::Refusal("exit code 78".to_owned())),
        // 2: there is no such command.
        _ => (),
    }
    let (code, _) = run(place, root, &["audit", "verify"]).await;
    match code {
        0 => None,
        78 => Some(Reported::Refusal("exit code 78".to_owned())),
        _ => Some(Reported::Audit),
    }
}

/// The tables that the findings are about.
fn tables(findings: &str) -> String {
    let findings: serde_json::Value = serde_json::from_str(findings).unwrap_or_default();
    let tables = findings.as_array().into_iter().flatten();
    let mut tables: Vec<_> =
        tables.map(|finding| finding["table"].as_str().unwrap_or("?").to_owned()).collect();
    tables.sort_unstable();
    tables.dedup();
    tables.join(", ")
}
