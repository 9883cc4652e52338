//! What is stored, with the root key.

use std::time::Duration;

use keyward_api::overview::{Attention, AttentionKind, Severity};
use keyward_core::kek::RootKeys;
use time::OffsetDateTime;

use super::{Check, Level};
use crate::audit::answer::verification;
use crate::audit::lookup;
use crate::authenticity::check;
use crate::backup::MAX_AGE;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::{DatabaseConnection, Opening, StoreError, begin_read};
use crate::encryption::entity::Model;
use crate::encryption::unlock::{Unlocked, unlock};
use crate::encryption::wrapped_key::Purpose;
use crate::encryption::{Rotation, store};
use crate::keys::Registry;
use crate::numbers::counted;
use crate::overview::overviews::{OverviewParts, Overviews};
use crate::replicas::Membership;
use crate::serve::StartError;
use crate::session::people::People;
use crate::watermark::{self, Watermark};

/// How long it waits for a rotation to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that is stored.
pub(super) async fn everything(
    db: &DatabaseConnection,
    config: &Config,
    clock: &Clock,
) -> Vec<Check> {
    const ROOT_KEY: &str = "root key";
    let keys = match store::list(db).await {
        Ok(keys) => keys,
        Err(error) => return vec![Check::failure(ROOT_KEY, error)],
    };
    if let Some(check) = before_a_start(&keys, &config.store.root_keys) {
        return vec![check];
    }
    let unlocked = unlock(db, &config.store.root_keys, clock);
    let unlocked = match tokio::time::timeout(PATIENCE, unlocked).await {
        Ok(Ok(unlocked)) => unlocked,
        Ok(Err(error)) => return vec![Check::failure(ROOT_KEY, error)],
        Err(_) => return vec![Check::warning(ROOT_KEY, "a rotation is under way: ask later")],
    };
    let id = config.store.root_keys.current.id();
    let mut found = vec![Check::ok(ROOT_KEY, format!("{id} opens every stored key"))];
    for (name, done) in [
        ("watermark", watermark(db, config).await),
        ("rows", rows(db, &unlocked).await),
        ("audit log", audit_log(db, &unlocked).await),
        ("values", values(db, &unlocked, clock).await),
        ("backup", backup(db, clock.now()).await),
    ] {
        found.push(done.unwrap_or_else(|error| Check::failure(name, error)));
    }
    match attention(db, config, clock, unlocked).await {
        Ok(more) => found.extend(more),
        Err(error) => found.push(Check::failure("keys and people", error)),
    }
    found
}

/// What opening the store would change first, so that it is not opened.
fn before_a_start(keys: &[Model], roots: &RootKeys) -> Option<Check> {
    const ROOT_KEY: &str = "root key";
    let is_former = |key: &Model| key.kek_id != roots.current.id();
    if keys.is_empty() {
        Some(Check::notice(ROOT_KEY, "nothing is stored under one so far"))
    } else if roots.previous.is_some() && keys.iter().any(is_former) {
        let message = "stored keys are under the previous one: the next start moves them";
        Some(Check::warning(ROOT_KEY, message))
    } else if !keys.iter().any(|key| key.is_for(Purpose::Rows)) {
        let message = "the store is of an earlier version: the next start signs its rows";
        Some(Check::notice(ROOT_KEY, message))
    } else {
        None
    }
}

/// Whether the store is the one that this machine has seen.
async fn watermark(db: &DatabaseConnection, config: &Config) -> Result<Check, StoreError> {
    const NAME: &str = "watermark";
    let seen = match watermark::look(&config.store, Opening::Command) {
        Ok(seen) => seen,
        Err(error) => return Ok(Check::failure(NAME, error)),
    };
    Ok(match (seen.problem(db).await?, seen.is_there()) {
        (Some(problem), _) => Check::failure(NAME, problem),
        (None, true) => Check::ok(NAME, "the store goes on from what this machine has seen"),
        (None, false) => {
            let message = format!(
                "this machine has none of the store in {}, so a restored backup cannot be noticed; \
                 a server makes one when it starts",
                seen.file().display()
            );
            Check::notice(NAME, message)
        }
    })
}

async fn rows(db: &DatabaseConnection, unlocked: &Unlocked) -> Result<Check, StoreError> {
    let moment = begin_read(db).await?;
    let findings = check::check(&moment, &unlocked.rows, &unlocked.keyring).await?;
    moment.commit().await?;
    Ok(match findings.len() as u64 {
        0 => Check::ok("rows", "everything that is stored holds, and every value opens"),
        number => {
            let rows = counted(number, "row does", "rows do");
            Check::failure("rows", format!("{rows} not hold: `keyward store check` lists them"))
        }
    })
}

async fn audit_log(db: &DatabaseConnection, unlocked: &Unlocked) -> Result<Check, StoreError> {
    let found = verification(&unlocked.audit.verify(db).await?);
    Ok(match found.broken {
        Some(broken) => Check::failure("audit log", broken.reason),
        None => Check::ok("audit log", counted(found.verified, "entry", "entries")),
    })
}

async fn values(
    db: &DatabaseConnection,
    unlocked: &Unlocked,
    clock: &Clock,
) -> Result<Check, StoreError> {
    let Unlocked { keyring, audit, .. } = unlocked;
    let rotation = Rotation::new(db.clone(), clock.clone(), keyring.clone(), audit.clone());
    let status = match rotation.status().await {
        Ok(status) => status,
        Err(error) => return Ok(Check::failure("values", error)),
    };
    let version = status.active_version;
    Ok(match status.legacy {
        0 => Check::ok("values", format!("{} under data keys, version {version}", status.secrets)),
        legacy => Check::warning(
            "values",
            format!("{legacy} are in the older layout: `keyward encryption rotate`"),
        ),
    })
}

async fn backup(db: &DatabaseConnection, now: OffsetDateTime) -> Result<Check, StoreError> {
    const HOW: &str = "`keyward backup FILE`";
    let Some(at) = lookup::last_backup(db).await? else {
        return Ok(Check::warning("backup", format!("none is known: {HOW}")));
    };
    let age = now - at;
    let days = counted(age.whole_days().max(0).unsigned_abs(), "day", "days");
    Ok(if age > MAX_AGE {
        Check::warning("backup", format!("the last one is {days} old: {HOW}"))
    } else {
        Check::ok("backup", format!("the last one is {days} old"))
    })
}

/// What the overview says, but for what is looked at above.
async fn attention(
    db: &DatabaseConnection,
    config: &Config,
    clock: &Clock,
    unlocked: Unlocked,
) -> Result<Vec<Check>, StartError> {
    let Unlocked { audit, rows, .. } = unlocked;
    // It looks, and keeps nothing.
    let nowhere = Watermark::nowhere(&config.store.root_keys);
    let command = Membership::of_command();
    let (now, log) = (clock.clone(), audit.clone());
    let keys = Registry::load(db.clone(), now, log, rows.clone(), command, nowhere).await?;
    let people = People::new(db.clone(), rows.clone());
    people.load().await?;
    let roots = &config.store.root_keys;
    let parts = OverviewParts {
        db: db.clone(),
        clock: clock.clone(),
        audit,
        rows,
        keys,
        people,
        root_key: roots.current.id(),
        has_previous_root_key: roots.previous.is_some(),
        is_plain_http: false,
    };
    let overview = Overviews::from(parts).now().await?;
    let above = [
        AttentionKind::AuditBroken,
        AttentionKind::RowsAltered,
        AttentionKind::PlainHttp,
        AttentionKind::Backup,
        AttentionKind::NewMachine,
    ];
    let more = overview.attention.into_iter().filter(|it| !above.contains(&it.kind));
    let mut found: Vec<Check> = more.map(of_overview).collect();
    if found.is_empty() {
        found.push(Check::ok("keys and people", "nothing needs attention"));
    }
    Ok(found)
}

fn of_overview(Attention { severity, message, .. }: Attention) -> Check {
    let level = match severity {
        Severity::Danger => Level::Failure,
        Severity::Warning => Level::Warning,
        Severity::Notice => Level::Notice,
    };
    Check::new(level, "keys and people", message)
}
