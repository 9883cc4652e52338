//! A stored key: what it is for, and how it is wrapped.

use keyward_api::encryption::DataKeyState;
use keyward_core::dek::Dek;
use keyward_core::kek::RootKey;
use keyward_core::seal::{self, Binding, Format, OpenError};
use rand::rngs::{SysError, SysRng};
use time::OffsetDateTime;
use uuid::Uuid;

use super::entity::Model;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Data,
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
    pub fn state(&self) -> DataKeyState {
        if self.state == DataKeyState::Active.as_str() {
            DataKeyState::Active
        } else {
            DataKeyState::Retired
        }
    }

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
        let opened = seal::open(&root.wrapping_key(), self.binding(&column), &self.wrapped)?;
        Dek::from_slice(&opened).ok_or(OpenError)
    }

    /// The row with `dek` wrapped under `root`.
    pub fn wrap(mut self, dek: &Dek, root: &RootKey) -> Result<Self, SysError> {
        self.kek_id = root.id();
        let column = self.bound_column();
        let place = self.binding(&column);
        self.wrapped = seal::seal(&root.wrapping_key(), place, dek.expose(), &mut SysRng)?;
        Ok(self)
    }

    fn binding<'a>(&'a self, column: &'a str) -> Binding<'a> {
        let (row_id, key_id) = (self.id.as_str(), self.kek_id.as_str());
        Binding { table: "encryption_keys", column, row_id, key_id, bound: &[] }
    }

    /// A former audit key is wrapped as one: anyone who can write to the database cannot make it
    /// the active one again.
    fn bound_column(&self) -> String {
        let is_former = self.is_for(Purpose::Audit) && self.state == DataKeyState::Retired.as_str();
        let state = if is_former { "/retired" } else { "" };
        format!("wrapped/{}/{}{state}", self.purpose, self.version)
    }

    /// The row as [`retire`](super::store::retire) leaves it; or, rewrapped, [`rewrap`](super::store::rewrap).
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
