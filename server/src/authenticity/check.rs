//! What does not hold of what is stored.

use keyward_api::store::Finding;
use keyward_core::row::RowKey;
use keyward_core::set::SetName;
use sea_orm::{ConnectionTrait, DbErr};

use super::scan::{self, Sets};
use super::store as sets;
use super::tables::TABLES;
use crate::database::StoreError;
use crate::encryption::Keyring;
use crate::encryption::columns::SEALED;

/// Looks at every authenticated row, every set and every sealed value, as they are at one
/// moment, and answers what does not hold.
pub async fn check(
    db: &impl ConnectionTrait,
    key: &RowKey,
    keyring: &Keyring,
) -> Result<Vec<Finding>, StoreError> {
    let (mut findings, mut stored) = (Vec::new(), Sets::default());
    scan::each(db, key, async |table, rows| {
        for row in rows {
            stored.add(key, table.name, &row, row.mac.as_deref());
            let problem = match (&row.mac, row.is_ours()) {
                (_, true) if row.is_seen => continue,
                (_, true) => "its last request was changed outside of Keyward",
                (None, _) => "it has no mac: Keyward did not write it",
                (Some(_), _) => "it was changed outside of Keyward",
            };
            findings.push(Finding::new(table.name, &row.id, problem));
        }
        Ok(())
    })
    .await?;
    for table in &TABLES {
        let number = scan::without_id(db, table).await?;
        if number > 0 {
            let problem = format!("{number} rows have no id: Keyward did not write them");
            findings.push(Finding::new(table.name, "", problem));
        }
    }
    for (name, found) in [(SetName::Keys, stored.keys), (SetName::People, stored.people)] {
        let problem = match sets::read_signed(db, name, key).await {
            Ok(set) if found.agrees_with(&set) => continue,
            Ok(_) => "rows were added, removed or put back",
            Err(StoreError::Altered(_)) => "the row of the set was changed outside of Keyward",
            Err(error) => return Err(error),
        };
        findings.push(Finding::new("generation", name.rows(), problem));
    }
    for column in SEALED {
        let mut last = String::new();
        loop {
            let rows = match column.after(db, &last, scan::CHUNK as u64).await {
                Ok(rows) => rows,
                Err(error @ (DbErr::Type(_) | DbErr::Query(_))) => {
                    let problem = format!("a row after \"{last}\" cannot be read: {error}");
                    findings.push(Finding::new(column.table, "", problem));
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            let Some(end) = rows.last() else { break };
            last.clone_from(&end.id);
            for row in rows {
                if let Err(error) = keyring.open(db, column, &row).await {
                    if error.is_about_the_server() {
                        return Err(error.into());
                    }
                    findings.push(Finding::new(column.table, &row.label, error.to_string()));
                }
            }
        }
    }
    Ok(findings)
}
