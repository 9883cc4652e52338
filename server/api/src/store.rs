//! What `keyward store check --json` answers.

use serde::{Deserialize, Serialize};

/// Something stored that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// The row, by its id or by the name that a person knows.
    pub id: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Finding {
    /// A finding.
    pub fn new(table: &str, id: &str, problem: impl Into<String>) -> Self {
        Self { table: table.to_owned(), id: id.to_owned(), problem: problem.into() }
    }
}
