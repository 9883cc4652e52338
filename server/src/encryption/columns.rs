//! Where sealed values are: the registry that rotation, start and status go by. Its queries
//! are in [`sealed_rows`](super::sealed_rows). A test fails when the schema has a sealed column that is not listed here.
//!
//! Every table in it has the columns `id`, `key_id` (`NULL` for the older layout),
//! `created_at`, and, where the older layout ever was, `iv` and `mac`.
//!
//! What a value is bound to beside its place, in this order:
//!
//! | value | bound to |
//! |---|---|
//! | secret | its key, by which it is asked for |
//! | key of a provider | provider; base URL; placement, which is empty so far |
//! | key of a model | provider; model |
//! | secret of codes | the id of the person |
//!
//! The key of a model is sent to its provider's base URL as well, but that is another row, which
//! changes by itself and need not be there: what guards it is the mac of that row, which is
//! checked whenever it is used.

use keyward_core::seal::Binding;

#[derive(Clone, Copy, Debug)]
pub struct SealedColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// The column by which a person knows the row.
    pub label: &'static str,
    /// Whether the table has the column `iv`, and so may have rows of the older layout. Its
    /// rows whose seal does not bind their name have a mac: see [`super::unbound`].
    pub has_iv: bool,
    /// What a value is bound to, each as an expression of SQL.
    pub(super) bound: &'static [&'static str],
}

pub const SECRETS: SealedColumn = SealedColumn {
    table: "secrets",
    column: "encrypted_value",
    label: "key",
    has_iv: true,
    bound: &["key"],
};

pub const PROVIDERS: SealedColumn = SealedColumn {
    table: "provider_credentials",
    column: "encrypted_value",
    label: "id",
    has_iv: false,
    bound: &["id", "base_url", "''"],
};

pub const MODELS: SealedColumn = SealedColumn {
    table: "model_credentials",
    column: "encrypted_value",
    label: "id",
    has_iv: false,
    bound: &["provider", "model"],
};

pub const TOTP: SealedColumn = SealedColumn {
    table: "totp_secrets",
    column: "encrypted_value",
    label: "user_id",
    has_iv: false,
    bound: &["user_id"],
};

pub const SEALED: [SealedColumn; 4] = [SECRETS, PROVIDERS, MODELS, TOTP];

/// What a value is sealed for: its row, the name by which that is found, and what the value is
/// sent to.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    column: SealedColumn,
    row_id: &'a str,
    bound: Vec<Option<&'a str>>,
}

impl<'a> Subject<'a> {
    /// The secret with this id and this key.
    pub fn secret(id: &'a str, key: &'a str) -> Self {
        Self { column: SECRETS, row_id: id, bound: vec![Some(key)] }
    }

    /// A provider, which is reached at this base URL.
    pub fn provider(id: &'a str, base_url: Option<&'a str>) -> Self {
        let placement = Some("");
        Self { column: PROVIDERS, row_id: id, bound: vec![Some(id), base_url, placement] }
    }

    /// A model of a provider, in the row with this id.
    pub fn model(id: &'a str, provider: &'a str, model: &'a str) -> Self {
        Self { column: MODELS, row_id: id, bound: vec![Some(provider), Some(model)] }
    }

    /// What makes the codes of a person, in the row with this id.
    pub fn totp(id: &'a str, user_id: &'a str) -> Self {
        Self { column: TOTP, row_id: id, bound: vec![Some(user_id)] }
    }

    pub fn bound(&self) -> Vec<Option<String>> {
        self.bound.iter().map(|part| part.map(str::to_owned)).collect()
    }

    pub fn binding<'b>(&'b self, key_id: &'b str) -> Binding<'b> {
        let Self { column: SealedColumn { table, column, .. }, row_id, bound } = self;
        Binding { table, column, row_id, key_id, bound }
    }
}

/// A sealed value with what is needed to open it.
#[derive(Clone, Debug)]
pub struct SealedRow {
    pub id: String,
    /// The name by which a person knows it.
    pub label: String,
    /// What it is bound to, as the row says now.
    pub bound: Vec<Option<String>>,
    /// The id of the key it is sealed under; none in the older layout.
    pub key_id: Option<String>,
    /// The nonce of the older layout.
    pub iv: Option<Vec<u8>>,
    /// The mac of a row whose seal does not bind its name.
    pub mac: Option<Vec<u8>>,
    pub sealed: Vec<u8>,
}

impl SealedRow {
    pub fn subject(&self, column: SealedColumn) -> Subject<'_> {
        let bound = self.bound.iter().map(Option::as_deref).collect();
        Subject { column, row_id: &self.id, bound }
    }
}

/// A row that cannot be what it should be, by the name a person knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    pub row: String,
    /// The key it is said to be sealed under.
    pub key_id: String,
}

impl SealedColumn {
    pub fn name(&self, label: &str) -> String {
        format!("\"{label}\" in the table {}", self.table)
    }
}
