//! Whether all that is stored is in a backup.

use std::collections::BTreeMap;

use keyward::backup::tables;
use keyward_core::backup::Kind;
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{Backend, TestDatabase, on_both_databases};

on_both_databases!(every_column_of_the_schema_is_in_a_backup);

/// The first says which migrations were run, and the header of a backup says that as well. The
/// others are about the servers that run.
const LEFT_OUT: [&str; 3] = ["seaql_migrations", "replicas", "lease_terms"];

async fn every_column_of_the_schema_is_in_a_backup(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    database.expect_run(&["migrate"]);
    let db = database.connect().await;
    let sql = match backend {
        Backend::Sqlite => {
            "SELECT m.name AS t, p.name AS c, lower(p.type) AS k FROM sqlite_master m \
             JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
        Backend::Postgres => {
            "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let mut stored = BTreeMap::new();
    for row in rows.unwrap() {
        let [table, column, kind] =
            ["t", "c", "k"].map(|name| row.try_get::<String>("", name).unwrap());
        let kind = match kind.as_str() {
            "boolean" => Kind::Boolean,
            "bytea" | "blob" => Kind::Bytes,
            "integer" | "bigint" | "smallint" => Kind::Integer,
            kind if kind.starts_with("timestamp") => Kind::Time,
            kind if kind == "text" || kind.contains("char") => Kind::Text,
            other => panic!("{table}.{column}: {other}"),
        };
        stored.insert((table, column), kind);
    }
    stored.retain(|(table, _), _| !LEFT_OUT.contains(&table.as_str()));
    let listed = tables::all().into_iter().flat_map(|(_, table)| {
        let name = table.name;
        table.columns.into_iter().map(move |(column, kind)| ((name.clone(), column), kind))
    });
    assert_eq!(listed.collect::<BTreeMap<_, _>>(), stored);
}
