//! Reading the authenticated rows of whole tables, in parts, for those who check or sign them.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement, Value};

use super::tables::{AuthenticatedTable, TABLES};
use crate::database::readable;
use crate::providers::entity::{model, provider};
use crate::session::entity::{invitations, sessions, users};
use crate::session::seen::Seen;
use crate::settings::{self, RowType};
use keyward_core::row::{Authenticated, RowKey, RowMac};
use keyward_core::set::{SetName, Tally};

/// Rows that are in memory at a time.
pub const CHUNK: usize = 500;

pub struct Row {
    /// Its id, as far as it is text.
    pub id: String,
    pub set: Option<SetName>,
    /// Its mac, as far as it is bytes.
    pub mac: Option<Vec<u8>>,
    /// The mac that it should have; none: it cannot be read.
    pub right: Option<RowMac>,
    /// Whether what changes by itself, and so has a mac beside it, is as Keyward wrote it: the
    /// last request of a session.
    pub is_seen: bool,
}

impl Row {
    /// Whether it has the mac that it should have.
    pub fn is_ours(&self) -> bool {
        self.right.is_some_and(|right| self.mac.as_deref() == Some(right.as_slice()))
    }
}

/// The rows of a table after the one with the id `after`, in the order of their ids: at most
/// [`CHUNK`].
pub async fn after(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    table: &AuthenticatedTable,
    after: &str,
) -> Result<Vec<Row>, DbErr> {
    let AuthenticatedTable { name, id, set, .. } = table;
    // SQLite stores anything in any column: what is no text has no place in the order. And the
    // plus keeps it from the index of the types, by which it would read all rows for each part.
    let (text, plus) = match db.get_database_backend() {
        DbBackend::Sqlite => (format!(" AND typeof({id}) = 'text'"), "+"),
        _ => (String::new(), ""),
    };
    let only = if *name == settings::TABLE {
        format!(" AND {plus}type IN ('api_key', 'config', 'root_key_kept')")
    } else {
        String::new()
    };
    let sql =
        format!("SELECT * FROM {name} WHERE {id} > $1{text}{only} ORDER BY {id} LIMIT {CHUNK}");
    let find = Statement::from_sql_and_values(db.get_database_backend(), sql, [after.into()]);
    let found = db.query_all_raw(find).await?;
    Ok(found.iter().map(|row| read(rows, name, id, *set, row)).collect())
}

fn read(rows: &RowKey, table: &str, id: &str, set: Option<SetName>, row: &QueryResult) -> Row {
    let right = match table {
        "settings" => right::<settings::Model>(rows, row),
        "users" => right::<users::Model>(rows, row),
        "sessions" => right::<sessions::Model>(rows, row),
        "invitations" => right::<invitations::Model>(rows, row),
        "provider_credentials" => right::<provider::Model>(rows, row),
        "model_credentials" => right::<model::Model>(rows, row),
        _ => None,
    };
    // Facts about the installation stand beside the keys, and are in no set.
    let is_key = || row.try_get::<String>("", "type").is_ok_and(|t| t == RowType::ApiKey.as_str());
    Row {
        id: row.try_get("", id).unwrap_or_default(),
        set: set.filter(|set| *set != SetName::Keys || is_key()),
        mac: row.try_get("", "mac").unwrap_or_default(),
        right,
        is_seen: table != sessions::Model::TABLE
            || readable::<sessions::Model>(row, "").is_some_and(|row| rows.is_ours(&Seen(&row))),
    }
}

fn right<R: Authenticated + FromQueryResult>(rows: &RowKey, row: &QueryResult) -> Option<RowMac> {
    Some(rows.sign(&readable::<R>(row, "")?))
}

/// How many rows of a table have an id that is none, so that [`after`] finds them nowhere.
pub async fn without_id(
    db: &impl ConnectionTrait,
    table: &AuthenticatedTable,
) -> Result<i64, DbErr> {
    let AuthenticatedTable { name, id, .. } = table;
    let odd = match db.get_database_backend() {
        DbBackend::Sqlite => format!("{id} IS NULL OR {id} = '' OR typeof({id}) <> 'text'"),
        _ => format!("{id} = ''"),
    };
    let sql = format!("SELECT CAST(count(*) AS BIGINT) AS n FROM {name} WHERE {odd}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n"))
}

/// Gives these rows of a table these macs.
pub async fn write(
    db: &impl ConnectionTrait,
    table: &AuthenticatedTable,
    macs: Vec<(String, RowMac)>,
) -> Result<(), DbErr> {
    if macs.is_empty() {
        return Ok(());
    }
    let AuthenticatedTable { name, id, .. } = table;
    let pairs = (0..macs.len()).map(|i| format!("(${}, ${})", 2 * i + 1, 2 * i + 2));
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    // Both databases call the columns of VALUES column1, column2.
    let sql = format!(
        "UPDATE {name} SET mac = v.column2 FROM (VALUES {pairs}) AS v WHERE {name}.{id} = v.column1"
    );
    let values = macs.into_iter().flat_map(|(id, mac)| [Value::from(id), mac.to_vec().into()]);
    let update = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(update).await.map(drop)
}

/// What the rows add up to that are stored now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sets {
    pub keys: Tally,
    pub people: Tally,
}

impl Sets {
    /// With one row more, which has this mac.
    pub fn add(&mut self, key: &RowKey, table: &str, row: &Row, mac: Option<&[u8]>) {
        let set = match row.set {
            Some(SetName::Keys) => &mut self.keys,
            Some(SetName::People) => &mut self.people,
            Some(SetName::Vault) | None => return,
        };
        set.add(key.element_of(table, &row.id, mac), row.is_ours());
    }
}

pub async fn each<D: ConnectionTrait>(
    db: &D,
    rows: &RowKey,
    mut look: impl AsyncFnMut(&AuthenticatedTable, Vec<Row>) -> Result<(), DbErr>,
) -> Result<(), DbErr> {
    for table in &TABLES {
        let mut last = String::new();
        loop {
            let found = after(db, rows, table, &last).await?;
            let Some(end) = found.last() else { break };
            last.clone_from(&end.id);
            let is_last = found.len() < CHUNK;
            look(table, found).await?;
            if is_last {
                break;
            }
        }
    }
    Ok(())
}
