//! Every query on the settings table. Each takes a [`RowType`] and filters by it, deletes
//! and updates included: the id of a row of another type matches nothing.

use futures_util::stream::{Stream, StreamExt, iter};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait, StreamTrait,
};
use time::{Duration, OffsetDateTime};

use crate::database::ROWS_ON_THEIR_WAY;

use super::entity::{Column, Entity, FoundRow, Model};
use keyward_core::row::RowKey;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowType {
    /// A named key: `key` is its name.
    ApiKey,
    Config,
    /// That a copy of a root key is kept: `key` is the id of the root key.
    RootKeyKept,
}

impl RowType {
    /// The text in the column `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Config => "config",
            Self::RootKeyKept => "root_key_kept",
        }
    }

    fn guard(self) -> Condition {
        Condition::all().add(Column::Kind.eq(self.as_str()))
    }

    /// The same for a query that finds its rows by the index of the ids. SQLite would take that
    /// of the types, which it expects to give ten rows, and read all keys; the plus keeps it
    /// from that (<https://sqlite.org/optoverview.html>, "Disqualifying WHERE Clause Terms Using
    /// Unary-+").
    fn guard_by_id(self, backend: DbBackend) -> Condition {
        match backend {
            DbBackend::Sqlite => Condition::all().add(Expr::cust("+type").eq(self.as_str())),
            _ => self.guard(),
        }
    }
}

/// All rows of one type, in no order.
pub async fn list(db: &impl ConnectionTrait, kind: RowType) -> Result<Vec<FoundRow>, DbErr> {
    Entity::find().filter(kind.guard()).into_model().all(db).await
}

/// All rows of one type one after the other, in the order of their ids.
pub async fn stream(
    moment: &DatabaseTransaction,
    kind: RowType,
) -> Result<impl Stream<Item = Result<FoundRow, DbErr>>, DbErr> {
    let backend = ConnectionTrait::get_database_backend(moment);
    let rows = Entity::find().filter(kind.guard_by_id(backend)).order_by_asc(Column::Id);
    let rows = moment.stream_raw(rows.build(backend)).await?;
    // All that have come are taken at once, and read then: with each taken alone, most of the
    // time goes into waking the thread they come from.
    let read = |row: Result<QueryResult, DbErr>| FoundRow::from_query_result(&row?, "");
    Ok(rows.ready_chunks(ROWS_ON_THEIR_WAY).flat_map(move |rows| iter(rows).map(read)))
}

/// The row of this type with this id.
pub async fn find(
    db: &impl ConnectionTrait,
    kind: RowType,
    id: &str,
) -> Result<Option<FoundRow>, DbErr> {
    Entity::find().filter(kind.guard().add(Column::Id.eq(id))).into_model().one(db).await
}

/// The rows of this type with these ids, in no order.
pub async fn find_many<'a>(
    db: &impl ConnectionTrait,
    kind: RowType,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<Vec<FoundRow>, DbErr> {
    // A few forms of the statement serve any number, so that each is prepared once.
    let number = ids.len().next_power_of_two();
    let ids = ids.chain(std::iter::repeat("")).take(number);
    let guard = kind.guard_by_id(db.get_database_backend());
    Entity::find().filter(guard.add(Column::Id.is_in(ids))).into_model().all(db).await
}

/// The ids of rows of this type that were used at `since` or later, and when: at most `limit`
/// of them, the latest ones.
pub async fn used_since(
    db: &impl ConnectionTrait,
    kind: RowType,
    since: OffsetDateTime,
    limit: u64,
) -> Result<Vec<(String, OffsetDateTime)>, DbErr> {
    let used = Entity::find()
        .select_only()
        .columns([Column::Id, Column::LastUsedAt])
        .filter(kind.guard().add(Column::LastUsedAt.gte(since)))
        // What is no time, such as 'infinity' in PostgreSQL, sorts behind all times.
        .filter(Column::LastUsedAt.lt(since + Duration::days(365)))
        .order_by_desc(Column::LastUsedAt)
        .limit(limit);
    let rows = db.query_all_raw(used.build(db.get_database_backend())).await?;
    let read = |row: &QueryResult| {
        Some((row.try_get("", "id").ok()?, row.try_get("", "last_used_at").ok()?))
    };
    Ok(rows.iter().filter_map(read).collect())
}

/// The row of this type with this key.
pub async fn find_by_key(
    db: &impl ConnectionTrait,
    kind: RowType,
    key: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(kind.guard().add(Column::Key.eq(key))).one(db).await
}

/// The row of this type with this key, even if it is broken.
pub async fn found_by_key(
    db: &impl ConnectionTrait,
    kind: RowType,
    key: &str,
) -> Result<Option<FoundRow>, DbErr> {
    Entity::find().filter(kind.guard().add(Column::Key.eq(key))).into_model().one(db).await
}

/// The row of this type with this id, which nobody changes or deletes until the transaction ends.
pub async fn hold(
    transaction: &DatabaseTransaction,
    kind: RowType,
    id: &str,
) -> Result<Option<FoundRow>, DbErr> {
    let guard = kind.guard().add(Column::Id.eq(id));
    Entity::find().filter(guard).lock_shared().into_model().one(transaction).await
}

/// Rows of this type whose value may have a member `name`.
pub async fn named_in_value(
    db: &impl ConnectionTrait,
    kind: RowType,
) -> Result<Vec<FoundRow>, DbErr> {
    // Word for word the condition of the index `settings_named`.
    let find = match db.get_database_backend() {
        DbBackend::Postgres => "strpos",
        _ => "instr",
    };
    let has_name = Expr::cust(format!(r#"{find}(value, '"name"') > 0"#));
    Entity::find().filter(kind.guard().add(has_name)).into_model().all(db).await
}

/// A new row, made at `now`, as it is stored, with its mac. Fails when its key is taken.
pub async fn insert(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    kind: RowType,
    id: &str,
    key: &str,
    value: String,
    now: OffsetDateTime,
) -> Result<Model, DbErr> {
    let mut row = new_row(kind, id, key, value, now);
    row.mac = Some(rows.sign(&row).to_vec());
    Entity::insert(row.clone().into_active_model()).exec_without_returning(db).await?;
    Ok(row)
}

/// Stores key and value of a row that was changed at `now`, with its new mac; the number of
/// rows changed. Its former mac must have been checked.
pub async fn update(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    kind: RowType,
    row: &mut Model,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    row.updated_at = now;
    row.mac = Some(rows.sign(row).to_vec());
    let result = Entity::update_many()
        .col_expr(Column::Key, Expr::value(row.key.as_str()))
        .col_expr(Column::Value, Expr::value(row.value.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .col_expr(Column::Mac, Expr::value(row.mac.clone()))
        .filter(kind.guard().add(Column::Id.eq(row.id.as_str())))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}

/// Deletes the row of this type with this id; the number of rows deleted.
pub async fn delete(db: &impl ConnectionTrait, kind: RowType, id: &str) -> Result<u64, DbErr> {
    let guard = kind.guard().add(Column::Id.eq(id));
    Ok(Entity::delete_many().filter(guard).exec(db).await?.rows_affected)
}

/// When a key was used, in whole seconds, and from which address.
pub type Use = (OffsetDateTime, Option<String>);

/// Moves the last use of a key forward, never back, and without touching `updated_at`. `marks`
/// tell by the value what was used: one that has the second is about a key that was replaced,
/// of which the address is not kept, else one that has the first is about the key itself.
/// Neither has a `%` or `_`; case does not matter.
pub async fn record_use(
    db: &impl ConnectionTrait,
    kind: RowType,
    id: &str,
    (at, address): Use,
    marks: [&str; 2],
) -> Result<(), DbErr> {
    let has =
        |mark: &str| Expr::expr(Func::lower(Expr::col(Column::Value))).like(format!("%{mark}%"));
    let [own, former] = marks;
    for (column, mark) in [
        (Column::LastUsedAt, Condition::all().add(has(own)).add(has(former).not())),
        (Column::FormerLastUsedAt, Condition::all().add(has(former))),
    ] {
        let earlier = Condition::any().add(column.is_null()).add(column.lt(at));
        let mut write = Entity::update_many().col_expr(column, Expr::value(at));
        if matches!(column, Column::LastUsedAt) {
            write = write.col_expr(Column::LastUsedAddress, Expr::value(address.clone()));
        }
        let guard = kind.guard().add(Column::Id.eq(id));
        let written = write.filter(guard.add(mark).add(earlier)).exec(db).await?;
        if written.rows_affected > 0 {
            break;
        }
    }
    Ok(())
}

/// From now on the last use is that of a key which was replaced; the new one has none yet.
pub async fn start_overlap(
    db: &impl ConnectionTrait,
    kind: RowType,
    id: &str,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::FormerLastUsedAt, Expr::col(Column::LastUsedAt))
        .col_expr(Column::LastUsedAt, Expr::value(Option::<OffsetDateTime>::None))
        .col_expr(Column::LastUsedAddress, Expr::value(Option::<String>::None))
        .filter(kind.guard().add(Column::Id.eq(id)))
        .exec(db)
        .await
        .map(drop)
}

/// Gives the row of this type with the id of `before` the last uses of that.
pub async fn set_last_uses(
    db: &impl ConnectionTrait,
    kind: RowType,
    before: &Model,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(before.last_used_at))
        .col_expr(Column::LastUsedAddress, Expr::value(before.last_used_address.clone()))
        .col_expr(Column::FormerLastUsedAt, Expr::value(before.former_last_used_at))
        .filter(kind.guard().add(Column::Id.eq(before.id.as_str())))
        .exec(db)
        .await
        .map(drop)
}

fn new_row(kind: RowType, id: &str, key: &str, value: String, now: OffsetDateTime) -> Model {
    Model {
        id: id.to_owned(),
        kind: kind.as_str().to_owned(),
        key: key.to_owned(),
        value,
        created_at: now,
        updated_at: now,
        last_used_at: None,
        former_last_used_at: None,
        mac: None,
        last_used_address: None,
    }
}
