//! `keyward keys`.

use std::time::Duration;

use clap::Subcommand;
use keyward_api::Changed;
use keyward_api::keys::{ApiKey, KeyName};
use keyward_api::limits::GraceSeconds;
use keyward_api::replicas::Effective;
use keyward_api::scopes::{Scope, Scopes};

use super::key_list::ListKeys;
use crate::audit::Actor;
use crate::cli::output::{CliError, NotPrinted, failed, print_once};
use crate::clock::Clock;
use crate::keys::Registry;
use crate::keys::changes::Replaced;
use crate::keys::new_key::NewKey;
use crate::log::say;

/// What can be done with keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Create a key and print it, once
    Create {
        /// Name, distinct among all keys
        #[arg(long, value_parser = |text: &str| KeyName::try_from(text.to_owned()))]
        name: KeyName,
        /// Scope, e.g. secrets:read; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", value_parser = |text: &str| Scope::new(text.to_owned()))]
        scopes: Vec<Scope>,
        /// Time to live, e.g. 90d or 12h
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        expires_in: Option<Duration>,
    },
    /// List keys, oldest first
    List(ListKeys),
    /// Replace a key by a new one and print that, once
    Rotate {
        /// Its id or its name
        id_or_name: String,
        /// How long the old key works beside the new one, e.g. 15m; at most 7d
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = grace)]
        grace: GraceSeconds,
    },
    /// Delete a key
    Delete {
        /// Its id or its name
        id_or_name: String,
    },
}

impl KeysCommand {
    /// Whether it changes what is stored.
    pub fn is_change(&self) -> bool {
        !matches!(self, Self::List(_))
    }

    /// Does it.
    pub async fn execute(self, keys: &Registry) -> Result<(), CliError> {
        match self {
            Self::Create { name, scopes, expires_in } => {
                let scopes = Scopes::try_from(scopes).map_err(failed)?;
                let now = Clock::System.now();
                let expiry = |ttl: Duration| {
                    let ttl = time::Duration::try_from(ttl).ok()?;
                    now.checked_add(ttl).filter(|at| at.year() <= 9999 && *at > now)
                };
                let expires_at = expires_in
                    .map(|ttl| expiry(ttl).ok_or_else(|| failed("--expires-in is out of range")))
                    .transpose()?;
                let new = NewKey { scopes, expires_at, ..NewKey::named(name) };
                let (record, key) =
                    keys.create(new, &Actor::command_line()).await.map_err(failed)?;
                say(&format!("Created \"{}\". The key is not shown again:", record.name));
                if let Err(error) = print_once(key.expose()) {
                    return Err(take_back(keys, &record, error).await);
                }
            }
            Self::List(wanted) => wanted.list(keys).await?,
            Self::Rotate { id_or_name, grace } => {
                let ApiKey { id, name, .. } = find(keys, &id_or_name).await?;
                let grace = Duration::from_secs(grace.get().into());
                let rotated = keys.replace(id, grace, &Actor::command_line()).await;
                let (Changed { effective, .. }, key, replaced) = rotated.map_err(failed)?;
                let place = place(effective);
                say(&format!("Rotated \"{name}\"{place}. The key is not shown again:"));
                if let Err(error) = print_once(key.expose()) {
                    return Err(put_back(keys, &name, replaced, error).await);
                }
            }
            Self::Delete { id_or_name } => {
                let key = match find(keys, &id_or_name).await {
                    Ok(key) => key,
                    Err(error) => {
                        // It may be gone, and not yet at every server.
                        keys.settle().await.map_err(failed)?;
                        return Err(error);
                    }
                };
                let effective =
                    keys.delete(key.id, &Actor::command_line()).await.map_err(failed)?;
                say(&format!("Deleted \"{}\"{}.", key.name, place(effective)));
            }
        }
        Ok(())
    }
}

/// Deletes a key that nobody has seen.
async fn take_back(keys: &Registry, unseen: &ApiKey, error: NotPrinted) -> CliError {
    let ApiKey { id, name, .. } = unseen;
    failed(match keys.delete(id.clone(), &Actor::command_line()).await {
        Ok(_) => format!("the key {error}, so \"{name}\" was deleted again"),
        Err(deletion) => format!(
            "the key {error}, and \"{name}\" could not be deleted again ({deletion}): delete it"
        ),
    })
}

/// Lets the replaced key work on as before, since nobody has seen the new one.
async fn put_back(keys: &Registry, name: &str, replaced: Replaced, error: NotPrinted) -> CliError {
    failed(match keys.put_back(replaced, &Actor::command_line()).await {
        Ok(()) => format!("the new key {error}, so \"{name}\" has its former key again"),
        Err(change) => format!(
            "the new key {error}, and the former key of \"{name}\" could not be put back \
             ({change})"
        ),
    })
}

/// Where what was taken away is accepted no more. Nothing on SQLite, where a server that runs
/// follows by itself.
fn place(effective: Option<Effective>) -> String {
    let Some(Effective { acknowledged, fenced, waited_ms, .. }) = effective else {
        return String::new();
    };
    let servers =
        |number| if number == 1 { "1 server".to_owned() } else { format!("{number} servers") };
    match (acknowledged, fenced) {
        (0, 0) => String::new(),
        (all, 0) => format!(", on all {} in {waited_ms} ms", servers(all)),
        (some, lost) => format!(
            ", on {} in {waited_ms} ms; {} did not answer and can accept nothing any more",
            servers(some),
            servers(lost)
        ),
    }
}

async fn find(keys: &Registry, id_or_name: &str) -> Result<ApiKey, CliError> {
    let found = keys.find(id_or_name).await.map_err(failed)?;
    // Terminals differ in how they compose letters; names are stored in one form.
    let found = match (found, KeyName::try_from(id_or_name.to_owned())) {
        (None, Ok(name)) => keys.find(name.as_str()).await.map_err(failed)?,
        (found, _) => found,
    };
    found.ok_or_else(|| failed("API key not found"))
}

fn grace(text: &str) -> Result<GraceSeconds, String> {
    let grace = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let whole = Some(grace.as_secs()).filter(|_| grace.subsec_nanos() == 0);
    let seconds = whole.and_then(|whole| GraceSeconds::new(u32::try_from(whole).ok()?));
    seconds.ok_or_else(|| "expected whole seconds, at most 7d".to_owned())
}
