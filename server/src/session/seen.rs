//! The last request of a session, under a mac of its own: it is written often, and the row and
//! the set of sessions need not change with it.
//!
//! Threat: somebody who can write to the database, and has the cookie of a session that ended
//! because nobody used it, writes that it was used. An earlier time, put back, ends it sooner.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};

use super::entity::sessions::{Column, Entity, Model};
use keyward_core::row::{Authenticated, Columns, RowKey};

use crate::database::readable;

/// The last request of a session.
pub struct Seen<'a>(pub &'a Model);

impl Authenticated for Seen<'_> {
    const TABLE: &'static str = "sessions.last_seen_at";

    fn write(&self, columns: &mut Columns) {
        columns.put(&self.0.token_hash);
        columns.put_time(self.0.last_seen_at);
    }

    fn mac(&self) -> Option<&[u8]> {
        self.0.seen_mac.as_deref()
    }
}

/// Gives every session whose last request has another mac the right one; how many there were.
pub async fn sign_all(db: &impl ConnectionTrait, rows: &RowKey) -> Result<u64, DbErr> {
    let all = Statement::from_string(db.get_database_backend(), "SELECT * FROM sessions");
    let mut signed = 0;
    for row in db.query_all_raw(all).await? {
        if let Some(session) = readable::<Model>(&row, "").filter(|one| !rows.is_ours(&Seen(one))) {
            update(db, rows, &session).await?;
            signed += 1;
        }
    }
    Ok(signed)
}

/// Stores the last request of this session.
pub async fn update(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    session: &Model,
) -> Result<(), DbErr> {
    let mac = rows.sign(&Seen(session)).to_vec();
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(session.last_seen_at))
        .col_expr(Column::SeenMac, Expr::value(mac))
        .filter(Column::TokenHash.eq(&session.token_hash))
        .exec(db)
        .await
        .map(drop)
}
