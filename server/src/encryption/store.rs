//! Queries on wrapped keys, and the wrapping itself.

use keyward_api::encryption::DataKeyState;
use rand::rngs::{SysError, SysRng};
use sea_orm::sea_query::{Expr, LockType, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::entity::{ActiveModel, Column, Entity, Model};
use keyward_core::dek::Dek;
use keyward_core::kek::RootKey;
use keyward_core::seal::{self, Format, OpenError, Place};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Seals values.
    Data,
    /// Makes the macs of the audit log.
    Audit,
    /// Makes the macs of rows that carry authority.
    Rows,
}

impl Purpose {
    /// The text in the column `purpose`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Audit => "audit",
            Self::Rows => "rows",
        }
    }
}

impl Model {
    /// Whether it seals new values.
    pub fn state(&self) -> DataKeyState {
        if self.state == DataKeyState::Active.as_str() {
            DataKeyState::Active
        } else {
            DataKeyState::Retired
        }
    }

    /// Whether it is for this purpose.
    pub fn is_for(&self, purpose: Purpose) -> bool {
        self.purpose == purpose.as_str()
    }

    /// Whether the key itself is gone: retired, and no value is left under it.
    pub fn is_erased(&self) -> bool {
        self.wrapped.is_empty()
            && self.state() == DataKeyState::Retired
            && self.is_for(Purpose::Data)
    }

    /// Whether it was wrapped by a version that makes a key for rows.
    pub fn is_wrapped_anew(&self) -> bool {
        Format::of(&self.wrapped) == Some(Format::Two)
    }

    /// The key itself. A row that claims another purpose or version does not open.
    pub fn unwrap(&self, root: &RootKey) -> Result<Dek, OpenError> {
        let column = self.bound_column();
        let opened = seal::open(&root.wrapping_key(), self.place(&column), &self.wrapped)?;
        Dek::from_slice(&opened).ok_or(OpenError)
    }

    /// The row with `dek` wrapped under `root`.
    pub fn wrap(mut self, dek: &Dek, root: &RootKey) -> Result<Self, SysError> {
        self.kek_id = root.id();
        let column = self.bound_column();
        let place = self.place(&column);
        self.wrapped = seal::seal(&root.wrapping_key(), place, dek.expose(), &mut SysRng)?;
        Ok(self)
    }

    fn place<'a>(&'a self, column: &'a str) -> Place<'a> {
        let (row_id, key_id) = (self.id.as_str(), self.kek_id.as_str());
        Place { table: "encryption_keys", column, row_id, key_id, bound: &[] }
    }

    /// A former audit key is wrapped as one: anyone who can write to the database cannot make it
    /// the active one again.
    fn bound_column(&self) -> String {
        let is_former = self.is_for(Purpose::Audit) && self.state == DataKeyState::Retired.as_str();
        let state = if is_former { "/retired" } else { "" };
        format!("wrapped/{}/{}{state}", self.purpose, self.version)
    }

    /// The row as [`retire`] leaves it; or, rewrapped, [`rewrap`].
    #[must_use]
    pub fn retired(self, now: OffsetDateTime) -> Self {
        let retired_at = self.retired_at.or(Some(now));
        Self { state: DataKeyState::Retired.as_str().to_owned(), retired_at, ..self }
    }
}

/// A new key of this purpose: the row, wrapped, and the key.
pub fn mint(
    purpose: Purpose,
    version: i32,
    root: &RootKey,
    created_by: &str,
    now: OffsetDateTime,
) -> Result<(Model, Dek), SysError> {
    let dek = Dek::generate(&mut SysRng)?;
    let row = Model {
        id: Uuid::now_v7().to_string(),
        purpose: purpose.as_str().to_owned(),
        version,
        state: DataKeyState::Active.as_str().to_owned(),
        wrapped: Vec::new(),
        kek_id: String::new(),
        created_by: created_by.to_owned(),
        created_at: now,
        retired_at: None,
    };
    Ok((row.wrap(&dek, root)?, dek))
}

/// All keys, newest first.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_desc(Column::Version).all(db).await
}

/// The key with this id.
pub async fn find(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    id: &str,
) -> Result<Option<Model>, DbErr> {
    let guard = Column::Purpose.eq(purpose.as_str());
    Entity::find_by_id(id).filter(guard).one(db).await
}

/// The newest data key, which is the active one, if nobody meddled: see
/// [`Keyring`](super::Keyring).
pub(super) async fn newest(db: &impl ConnectionTrait) -> Result<Option<Model>, DbErr> {
    newest_first().one(db).await
}

/// The highest version of the keys for this purpose.
pub async fn newest_version(
    db: &impl ConnectionTrait,
    purpose: Purpose,
) -> Result<Option<i32>, DbErr> {
    let keys = Entity::find().filter(Column::Purpose.eq(purpose.as_str()));
    Ok(keys.order_by_desc(Column::Version).one(db).await?.map(|key| key.version))
}

/// The newest data key, which stays so until the transaction ends. With a lock that is shared, a
/// rotation waits for everybody who holds it, and they for a rotation; with one that is not,
/// nobody else writes values meanwhile. (On SQLite, every writer is alone.)
pub(super) async fn hold_newest(
    transaction: &DatabaseTransaction,
    lock: LockType,
) -> Result<Option<Model>, DbErr> {
    let mut held = None;
    // Who waited for a rotation has the row that is no longer active; the next look sees the new
    // one. Several times, since another rotation may have begun by then.
    for _ in 0..10 {
        held = newest_first().lock(lock).one(transaction).await?;
        if held.as_ref().is_none_or(|key| key.state() == DataKeyState::Active) {
            break;
        }
    }
    Ok(held)
}

fn newest_first() -> Select<Entity> {
    Entity::find().filter(is_data()).order_by_desc(Column::Version).limit(1)
}

fn is_data() -> SimpleExpr {
    Column::Purpose.eq(Purpose::Data.as_str())
}

/// Stores a new key.
pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let row = ActiveModel::from(row).reset_all();
    Entity::insert(row).exec_without_returning(db).await.map(drop)
}

/// Retires an active data key; the number of rows changed.
pub(super) async fn retire(
    db: &impl ConnectionTrait,
    id: &str,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(DataKeyState::Retired.as_str()))
        .col_expr(Column::RetiredAt, Expr::value(now))
        .filter(is_data())
        .filter(Column::State.eq(DataKeyState::Active.as_str()))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}

/// Erases the retired data keys. No value may be under them any more. Rows that are erased already
/// stay as they are: a writer that waited for an earlier rotation may hold one of them, and waits
/// for the newest key, which this transaction holds.
pub(super) async fn erase_retired(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let erase = Entity::update_many()
        .col_expr(Column::Wrapped, Expr::value(Vec::<u8>::new()))
        .filter(is_data())
        .filter(Column::State.eq(DataKeyState::Retired.as_str()))
        .filter(Column::Wrapped.ne(Vec::<u8>::new()));
    erase.exec(transaction).await.map(drop)
}

/// Stores the same key wrapped anew; the number of rows changed.
pub(super) async fn rewrap(db: &impl ConnectionTrait, row: Model) -> Result<u64, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::Wrapped, Expr::value(row.wrapped))
        .col_expr(Column::KekId, Expr::value(row.kek_id))
        .col_expr(Column::State, Expr::value(row.state))
        .col_expr(Column::RetiredAt, Expr::value(row.retired_at))
        .filter(Column::Id.eq(row.id))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}
