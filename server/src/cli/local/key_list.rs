//! `keyward keys list`. Prints page by page: of the keys that are not on the page it holds no
//! more in memory than what they are filtered and ordered by.

use clap::Args;
use keyward_api::key_list::{KeyConcern, KeySort, KeyStatus};
use keyward_api::keys::ApiKey;
use keyward_api::page::MAX_LIMIT;
use keyward_api::scopes::Scope;
use time::format_description::well_known::Rfc3339;

use crate::cli::output::{CliError, failed, print_part};
use crate::clock::Clock;
use crate::keys::Registry;
use crate::keys::listing::{KeyFilter, KeyQuery};
use crate::printable;

/// Which keys, in which order and form.
#[derive(Args)]
pub struct ListKeys {
    /// Only keys with this in their name, whatever the case; or with this prefix or id
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
    /// Only keys of this status: active, disabled, expired, unreadable or altered
    #[arg(long, value_parser = |word: &str| KeyStatus::try_from(word))]
    status: Option<KeyStatus>,
    /// Only keys of which this is so: expires-soon, never-expires, writes-forever, unused or
    /// overlapping
    #[arg(long, value_parser = |word: &str| KeyConcern::try_from(word))]
    only: Option<KeyConcern>,
    /// Only keys with this scope
    #[arg(long, value_parser = |text: &str| Scope::try_from(text.to_owned()))]
    scope: Option<Scope>,
    /// Order: createdAt, -createdAt, name, -lastUsedAt or expiresAt
    #[arg(
        long, default_value = "createdAt", allow_hyphen_values = true,
        value_parser = |word: &str| KeySort::try_from(word)
    )]
    sort: KeySort,
    /// At most so many; all by default
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// As JSON, in the form of `data` of `GET /api/keys`
    #[arg(long)]
    json: bool,
}

impl ListKeys {
    /// Prints them.
    pub async fn list(self, keys: &Registry) -> Result<(), CliError> {
        keys.load_listing().await.map_err(failed)?;
        let json = self.json;
        let mut left = self.limit.unwrap_or(u64::MAX);
        let filter = KeyFilter {
            q: self.q.filter(|q| !q.is_empty()),
            status: self.status,
            only: self.only,
            scope: self.scope,
            reads: None,
        };
        let mut query = KeyQuery { filter, sort: self.sort, after: None, limit: 0 };
        let mut out = Printer { width: 4, printed: 0 };
        while left > 0 {
            query.limit = usize::from(MAX_LIMIT).min(usize::try_from(left).unwrap_or(usize::MAX));
            let page = keys.page(query.clone()).await.map_err(failed)?;
            let wants_more = if json { out.json(&page.keys) } else { out.table(&page.keys) };
            if !wants_more? || page.next.is_none() {
                break;
            }
            left = left.saturating_sub(query.limit as u64);
            query.after = page.next;
        }
        if json { out.end_json() } else { Ok(()) }
    }
}

/// What was printed so far.
struct Printer {
    /// Of the column of names; it grows when a later page needs more.
    width: usize,
    printed: usize,
}

impl Printer {
    /// Prints a part of a JSON array; whether anybody reads it.
    fn json(&mut self, keys: &[ApiKey]) -> Result<bool, CliError> {
        let mut text = String::new();
        for key in keys {
            text.push_str(if self.printed == 0 { "[\n" } else { ",\n" });
            text.push_str(&serde_json::to_string(key).map_err(failed)?);
            self.printed += 1;
        }
        print_part(&printable::json(&text))
    }

    fn end_json(&mut self) -> Result<(), CliError> {
        let end = if self.printed == 0 { "[]\n" } else { "\n]\n" };
        print_part(end).map(drop)
    }

    /// Prints a part of a table; whether anybody reads it.
    fn table(&mut self, keys: &[ApiKey]) -> Result<bool, CliError> {
        let names: Vec<_> = keys.iter().map(|key| printable::line(&key.name)).collect();
        let longest = names.iter().map(|name| name.chars().count()).max();
        let width = self.width.max(longest.unwrap_or(0));
        self.width = width;
        let mut text = String::new();
        if self.printed == 0 {
            let (id, name, key, status) = ("ID", "NAME", "KEY", "STATUS");
            text = format!("{id:<36}  {name:<width$}  {key:<8}  {status:<10}  EXPIRES\n");
            self.printed = 1;
        }
        let now = Clock::System.now();
        for (key, name) in keys.iter().zip(&names) {
            let status = KeyStatus::of(key, now).as_str();
            let expires = key.expires_at.and_then(|at| at.format(&Rfc3339).ok());
            let expires = expires.as_deref().unwrap_or("never");
            let (id, prefix) = (printable::line(&key.id), printable::line(&key.prefix));
            let row = format!("{id:<36}  {name:<width$}  {prefix:<8}  {status:<10}  {expires}\n");
            text.push_str(&row);
        }
        print_part(&text)
    }
}
