//! Everything that is stored at one moment, as the literals of SQL that would store it again.
//! Tables and columns are taken from the schema, so that no list of them can be forgotten.

use std::collections::BTreeMap;
use std::fmt;

use sea_orm::{ConnectionTrait, Statement};

use crate::place::Backend;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Time,
    Bytes,
    Flag,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub is_nullable: bool,
    is_key: bool,
}

/// Literals in the order of the columns.
pub type Row = Vec<String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// By the literal of the primary key.
    pub rows: BTreeMap<String, Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub backend: Backend,
    pub tables: BTreeMap<String, Table>,
}

impl Snapshot {
    pub async fn take(db: &impl ConnectionTrait, backend: Backend) -> Self {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for (table, column) in columns(db, backend).await {
            let new = || Table { name: table.clone(), columns: vec![], rows: BTreeMap::new() };
            tables.entry(table.clone()).or_insert_with(new).columns.push(column);
        }
        for table in tables.values_mut() {
            table.rows = rows(db, backend, table).await;
        }
        Self { backend, tables }
    }

    pub fn table(&self, name: &str) -> &Table {
        self.tables.get(name).unwrap_or_else(|| panic!("no table {name}"))
    }

    /// The only row in which these columns have these values.
    pub fn row(&self, table: &str, values: &[(&str, &str)]) -> &Row {
        let rows = self.table(table).matching(values);
        let [row] = rows[..] else { panic!("{} rows of {table} with {values:?}", rows.len()) };
        row
    }

    /// A text as a literal.
    pub fn text(value: &str) -> String {
        format!("'{}'", value.replace('\'', "''"))
    }

    /// Bytes as a literal.
    pub fn bytes(&self, value: &[u8]) -> String {
        match self.backend {
            Backend::Sqlite => format!("X'{}'", hex::encode_upper(value)),
            Backend::Postgres => format!(r"E'\\x{}'", hex::encode(value)),
        }
    }
}

impl Table {
    pub fn column(&self, name: &str) -> usize {
        let at = self.columns.iter().position(|column| column.name == name);
        at.unwrap_or_else(|| panic!("{} has no column {name}", self.name))
    }

    /// The name of the primary key.
    pub fn key(&self) -> &str {
        &self.columns[self.key_column()].name
    }

    pub fn key_column(&self) -> usize {
        self.columns.iter().position(|column| column.is_key).expect("a primary key")
    }

    pub fn get<'a>(&self, row: &'a Row, column: &str) -> &'a str {
        &row[self.column(column)]
    }

    /// The row with these columns set to other literals.
    pub fn with(&self, row: &Row, columns: &[(&str, &str)]) -> Row {
        let mut row = row.clone();
        for (column, literal) in columns {
            (*literal).clone_into(&mut row[self.column(column)]);
        }
        row
    }

    /// Rows in which these columns have these values.
    pub fn matching(&self, values: &[(&str, &str)]) -> Vec<&Row> {
        let holds = |row: &Row, (column, value): &(&str, &str)| {
            let literal = self.get(row, column);
            literal == Snapshot::text(value) || literal == *value
        };
        self.rows.values().filter(|row| values.iter().all(|value| holds(row, value))).collect()
    }
}

/// How one moment differs from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: String,
    pub before: Option<Row>,
    pub after: Option<Row>,
}

impl Difference {
    /// Names of the columns that differ, if the row is there before and after.
    pub fn columns<'a>(&self, table: &'a Table) -> Vec<&'a str> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Vec::new() };
        let differs = |(n, _): &(usize, &Column)| before[*n] != after[*n];
        let columns = table.columns.iter().enumerate().filter(differs);
        columns.map(|(_, column)| column.name.as_str()).collect()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.before, &self.after) {
            (None, _) => "added to",
            (_, None) => "removed from",
            _ => "changed in",
        };
        write!(f, "a row was {what} {}", self.table)
    }
}

/// What is not the same in `after`.
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, now) in &after.tables {
        let then = before.table(name);
        for key in
            then.rows.keys().chain(now.rows.keys().filter(|key| !then.rows.contains_key(*key)))
        {
            let (before, after) = (then.rows.get(key), now.rows.get(key));
            if before != after {
                let (before, after) = (before.cloned(), after.cloned());
                found.push(Difference { table: name.clone(), before, after });
            }
        }
    }
    found
}

async fn columns(db: &impl ConnectionTrait, backend: Backend) -> Vec<(String, Column)> {
    let sql = match backend {
        Backend::Sqlite => {
            "SELECT t.name AS of_table, c.name AS name, c.type AS kind, \
             CASE WHEN c.\"notnull\" THEN 0 ELSE 1 END AS nullable, \
             CASE WHEN c.pk > 0 THEN 1 ELSE 0 END AS key \
             FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1, c.cid"
        }
        Backend::Postgres => {
            "SELECT c.table_name::text AS of_table, c.column_name::text AS name, \
             c.data_type::text AS kind, (c.is_nullable = 'YES')::int AS nullable, \
             (EXISTS (SELECT 1 FROM information_schema.table_constraints t \
             JOIN information_schema.key_column_usage k USING (constraint_name, table_name) \
             WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name \
             AND k.column_name = c.column_name))::int AS key \
             FROM information_schema.columns c WHERE c.table_schema = 'public' \
             ORDER BY 1, c.ordinal_position"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let read = |row: sea_orm::QueryResult| {
        let text = |name: &str| row.try_get::<String>("", name).unwrap();
        let flag = |name: &str| row.try_get::<i32>("", name).unwrap() == 1;
        let kind = kind(&text("kind").to_lowercase());
        let (is_nullable, is_key) = (flag("nullable"), flag("key"));
        (text("of_table"), Column { name: text("name"), kind, is_nullable, is_key })
    };
    rows.unwrap().into_iter().map(read).collect()
}

fn kind(name: &str) -> Kind {
    match name {
        name if name.contains("timestamp") => Kind::Time,
        name if name.contains("blob") || name == "bytea" => Kind::Bytes,
        name if name.contains("int") => Kind::Number,
        name if name.contains("bool") => Kind::Flag,
        name if name.contains("char") || name == "text" => Kind::Text,
        other => panic!("columns of the type {other} are not known here"),
    }
}

async fn rows(db: &impl ConnectionTrait, backend: Backend, table: &Table) -> BTreeMap<String, Row> {
    let literal = |(n, column): (usize, &Column)| match backend {
        Backend::Sqlite => format!("quote(\"{}\") AS c{n}", column.name),
        Backend::Postgres => format!("quote_nullable(\"{}\"::text) AS c{n}", column.name),
    };
    let literals: Vec<_> = table.columns.iter().enumerate().map(literal).collect();
    let sql = format!("SELECT {} FROM \"{}\"", literals.join(", "), table.name);
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let read = |row: sea_orm::QueryResult| {
        let literals = (0..table.columns.len()).map(|n| row.try_get("", &format!("c{n}")).unwrap());
        let row: Row = literals.collect();
        (row[table.key_column()].clone(), row)
    };
    rows.unwrap().into_iter().map(read).collect()
}
