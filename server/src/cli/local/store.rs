//! `keyward store`.

use std::io::{IsTerminal, stdin};

use clap::Subcommand;
use keyward_api::store::Finding;

use crate::audit::{Action, Actor};
use crate::authenticity::{check, sign};
use crate::cli::output::{CliError, failed, print, to_json};
use crate::database::{DatabaseConnection, StoreError, begin_read, begin_write, commit};
use crate::encryption::error::UnlockError;
use crate::encryption::unlock::{Manner, Unlocked};
use crate::encryption::{self, key_set};
use crate::log;

/// What can be done with what is stored as a whole.
#[derive(Subcommand)]
pub enum StoreCommand {
    /// List what was changed outside of Keyward; fails when there is something
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept what is stored now as it is, after a repair by hand; asks on a terminal
    Accept {
        /// Accept without being asked
        #[arg(long)]
        yes: bool,
    },
}

impl StoreCommand {
    /// What the store is opened for.
    pub fn manner(&self) -> Manner {
        match self {
            // Asked only later, so nothing may be signed before.
            Self::Check { .. } | Self::Accept { yes: false } => Manner::Looking,
            Self::Accept { yes: true } => Manner::Accepting,
        }
    }

    /// Does it.
    pub async fn execute(
        self,
        db: &DatabaseConnection,
        store: &Unlocked,
        altered: Option<UnlockError>,
    ) -> Result<(), CliError> {
        let mut findings = {
            let moment = begin_read(db).await.map_err(failed)?;
            let found = check::check(&moment, &store.rows, &store.keyring).await;
            found.map_err(failed)?
        };
        let keys = |error: UnlockError| Finding::new("encryption_keys", "all", error.to_string());
        findings.extend(altered.map(keys));
        match self {
            Self::Check { json } => tell(&findings, json),
            Self::Accept { yes } => {
                if findings.is_empty() {
                    return print("everything that is stored holds; nothing is to be accepted");
                }
                for finding in &findings {
                    log::say(&sentence(finding));
                }
                if !yes && !is_confirmed(findings.len())? {
                    return Err(failed("nothing was accepted"));
                }
                accept(db, store, findings.len()).await
            }
        }
    }
}

fn tell(findings: &[Finding], json: bool) -> Result<(), CliError> {
    if json {
        print(&to_json(&findings)?)?;
    } else if findings.is_empty() {
        print("everything that is stored holds")?;
    } else {
        print(&findings.iter().map(sentence).collect::<Vec<_>>().join("\n"))?;
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(failed("1 row does not hold")),
        number => Err(failed(format!("{number} rows do not hold"))),
    }
}

pub fn sentence(Finding { table, id, problem }: &Finding) -> String {
    format!("{table}: {id}: {problem}")
}

fn is_confirmed(number: usize) -> Result<bool, CliError> {
    if !stdin().is_terminal() {
        return Err(failed("nobody can be asked here; say --yes to accept what is stored"));
    }
    log::say(&format!(
        "From now on these {number} rows count as written by Keyward, no matter who wrote them. Type yes \
         to accept them:"
    ));
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim() == "yes")
}

async fn accept(
    db: &DatabaseConnection,
    store: &Unlocked,
    findings: usize,
) -> Result<(), CliError> {
    let signed = async {
        let transaction = begin_write(db).await?;
        let floor = store.audit.told_sets(&transaction).await?.unwrap_or_default();
        let signed = sign::everything(&transaction, &store.rows, floor).await?;
        let keys = encryption::store::list(&transaction).await?;
        let [_, vault, _] = floor;
        key_set::sign(&transaction, &store.rows, &keys, vault).await?;
        let event = Actor::command_line().did(Action::StoreAccept, None);
        let event = event.with_detail(format!("{findings} findings; signed {signed}"));
        store.audit.append_unasked(&transaction, event).await?;
        commit(transaction).await?;
        Ok::<_, StoreError>(signed)
    };
    print(&format!("accepted: {}", signed.await.map_err(failed)?))
}
