//! `keyward store`.

use std::io::{IsTerminal, stdin};

use clap::Subcommand;
use keyward_api::store::Finding;

use super::revoked;
use crate::audit::{Action, Actor};
use crate::authenticity::{check, sign};
use crate::cli::output::{CliError, failed, print, to_json};
use crate::clock::Clock;
use crate::config::StoreConfig;
use crate::database::{Opening, StoreError, begin_read, begin_write, commit};
use crate::encryption::unlock::{Manner, Unlocked};
use crate::encryption::{self, key_set};
use crate::log;
use crate::serve::open::Wrong;
use crate::serve::{Opened, StartError, open_altered};
use crate::watermark::{WatermarkError, look};

/// What can be done with what is stored as a whole.
#[derive(Subcommand)]
pub enum StoreCommand {
    /// List what was changed outside of Keyward, and what an earlier copy brought back; fails when
    /// there is something
    Check {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept what is stored now as it is, after a repair by hand or a restored backup; asks on a
    /// terminal. Keys that were revoked since the backup are taken away
    Accept {
        /// Accept without being asked
        #[arg(long)]
        yes: bool,
    },
}

impl StoreCommand {
    /// What the store is opened for.
    fn manner(&self) -> Manner {
        match self {
            // Asked only later, so nothing may be signed before.
            Self::Check { .. } | Self::Accept { yes: false } => Manner::Looking,
            Self::Accept { yes: true } => Manner::Accepting,
        }
    }

    /// Does it.
    pub async fn execute(self, config: &StoreConfig) -> Result<(), CliError> {
        let (clock, opening) = (Clock::System, Opening::Command);
        let opened = open_altered(config, &clock, opening, None, self.manner()).await;
        let (opened, wrong) = match (opened, &self) {
            (
                Err(StartError::Watermark(gone @ WatermarkError::Gone { .. })),
                Self::Accept { yes },
            ) => {
                return begin_again(config, &gone, *yes);
            }
            (opened, _) => opened?,
        };
        let findings = findings(&opened, wrong).await?;
        match self {
            Self::Check { json } => tell(&findings, json),
            Self::Accept { yes } => {
                if findings.is_empty() {
                    return print("everything that is stored holds; nothing is to be accepted");
                }
                for finding in &findings {
                    log::say(&sentence(finding));
                }
                let number = findings.len();
                let question = format!(
                    "From now on what these {number} findings are about counts as written by \
                     Keyward, no matter who wrote it, but for keys that were revoked: they are \
                     deleted. Type yes to accept:"
                );
                if !yes && !is_confirmed(&question)? {
                    return Err(failed("nothing was accepted"));
                }
                accept(opened, number).await
            }
        }
    }
}

/// Everything that does not hold.
async fn findings(opened: &Opened, wrong: Wrong) -> Result<Vec<Finding>, CliError> {
    let Opened { db, unlocked, watermark } = opened;
    let mut findings = {
        let moment = begin_read(db).await.map_err(failed)?;
        let found = check::check(&moment, &unlocked.rows, &unlocked.keyring).await;
        found.map_err(failed)?
    };
    let all = |table, error: String| Finding::new(table, "all", error);
    findings.extend(wrong.keys.map(|error| all("encryption_keys", error.to_string())));
    findings.extend(wrong.place.map(|error| all("watermark", error.to_string())));
    let brought_back = revoked::find(db, &unlocked.rows, watermark).await.map_err(failed)?;
    findings.extend(brought_back.iter().map(revoked::finding));
    Ok(findings)
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

fn is_confirmed(question: &str) -> Result<bool, CliError> {
    if !stdin().is_terminal() {
        return Err(failed("nobody can be asked here; say --yes to accept what is stored"));
    }
    log::say(question);
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim() == "yes")
}

/// Lets a new store begin in a place where another one was.
fn begin_again(config: &StoreConfig, gone: &WatermarkError, yes: bool) -> Result<(), CliError> {
    log::say(&gone.to_string());
    let question = "From now on the next store that begins there is the one. Type yes to accept:";
    if !yes && !is_confirmed(question)? {
        return Err(failed("nothing was accepted"));
    }
    let seen = look(config, Opening::Command).map_err(StartError::from)?;
    seen.forget_store().map_err(StartError::from)?;
    print("accepted: a new store may begin there")
}

async fn accept(opened: Opened, findings: usize) -> Result<(), CliError> {
    let Opened { db, unlocked, watermark } = opened;
    let signed = async {
        let transaction = begin_write(&db).await?;
        let Unlocked { audit, rows, .. } = &unlocked;
        let floor = audit.told_sets(&transaction).await?.unwrap_or_default();
        let signed = sign::everything(&transaction, rows, floor).await?;
        let keys = encryption::store::list(&transaction).await?;
        let [_, vault, _] = floor;
        key_set::sign(&transaction, rows, &keys, vault).await?;
        let event = Actor::command_line().did(Action::StoreAccept, None);
        let event = event.with_detail(format!("{findings} findings; signed {signed}"));
        audit.append_unasked(&transaction, event).await?;
        commit(transaction).await?;
        Ok::<_, StoreError>(signed)
    };
    let signed = signed.await.map_err(failed)?;
    let taken = revoked::take_away(&db, &unlocked, &watermark).await?;
    // Last: until then the store is behind, and this can be done once more.
    let accepted = watermark.accept(&db, &unlocked.audit, &unlocked.rows).await;
    accepted.map_err(StartError::from)?;
    print(&format!("accepted: {signed}{taken}"))
}
