//! From a file into a store that is gone afterwards, and what does not hold in it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use keyward_api::store::Finding;
use keyward_core::backup::{FormatError, Hash, Header, Manifest, Seal, parse_row};
use keyward_core::kek::RootKeys;
use sea_orm::DatabaseTransaction;

use super::rows::Inserter;
use super::temporary::TemporaryStore;
use super::{BackupError, Progress};
use crate::authenticity::check;
use crate::clock::Clock;
use crate::database::{begin_read, begin_write, schema};
use crate::encryption::unlock::{Manner, Unlocked, unlock_altered};

/// The longest line: a row has at most one long value, and that is far shorter.
const MAX_LINE: u64 = 16 << 20;

/// A backup that is as it was written.
pub struct Loaded {
    pub store: TemporaryStore,
    pub unlocked: Unlocked,
    pub header: Header,
    pub manifest: Manifest,
    /// What did not hold of the store when it was written either.
    pub findings: Vec<Finding>,
}

/// Loads a backup and looks through all of it.
pub async fn load(
    path: &Path,
    roots: &RootKeys,
    clock: &Clock,
    progress: &Progress<'_>,
) -> Result<Loaded, BackupError> {
    let mut lines = Lines { file: BufReader::new(File::open(path)?), number: 0 };
    let first = lines.next()?.ok_or(FormatError::NoBackup)?;
    let header = Header::parse(&first)?;
    let mut hash = Hash::default();
    hash.line(&first);
    let store = TemporaryStore::new().await?;
    let transaction = begin_write(&store.db).await?;
    if !schema::migrate_to(&transaction, &header.schema).await? {
        return Err(BackupError::Schema(header.schema));
    }
    let manifest = load_rows(&mut lines, &header, &mut hash, &transaction, progress).await?;
    let seal = lines.next()?.ok_or(FormatError::CutOff)?;
    let seal: Seal = serde_json::from_str(&seal).map_err(|_| FormatError::CutOff)?;
    if lines.next()?.is_some() {
        return Err(FormatError::Damaged.into());
    }
    hash.check(&seal, [&roots.current].into_iter().chain(&roots.previous))?;
    schema::migrate_in(&transaction).await?;
    transaction.commit().await?;

    let (unlocked, altered) = unlock_altered(&store.db, roots, clock, Manner::Looking).await?;
    let moment = begin_read(&store.db).await?;
    let mut findings = check::check(&moment, &unlocked.rows, &unlocked.keyring).await?;
    moment.commit().await?;
    let keys = |error: &dyn ToString| Finding::new("encryption_keys", "all", error.to_string());
    findings.extend(altered.map(|error| keys(&error)));
    let log = unlocked.audit.verify(&store.db).await?;
    let breaks = crate::audit::answer::verification(&log);
    if let (false, Some(broken)) = (breaks.valid, breaks.broken) {
        findings.push(Finding::new("audit_log", &broken.seq.to_string(), broken.reason));
    }
    Ok(Loaded { store, unlocked, header, manifest, findings })
}

/// Loads rows up to the manifest.
async fn load_rows(
    lines: &mut Lines,
    header: &Header,
    hash: &mut Hash,
    into: &DatabaseTransaction,
    progress: &Progress<'_>,
) -> Result<Manifest, BackupError> {
    let mut line = lines.next()?;
    let (mut rows, mut total) = (Vec::new(), 0);
    for (place, table) in header.tables.iter().enumerate() {
        let (mut inserter, mut number) = (Inserter::begin(into, table).await?, 0);
        while let Some(text) = &line {
            let damaged = FormatError::Line(lines.number);
            if !text.starts_with('[') {
                break;
            }
            let (of, row) = parse_row(text, &header.tables).ok_or(damaged)?;
            if of < place {
                return Err(damaged.into());
            }
            if of > place {
                break;
            }
            // What a store refuses was in none.
            inserter.put(row).await.map_err(|_| damaged)?;
            hash.line(text);
            number += 1;
            progress(total + number);
            line = lines.next()?;
        }
        inserter.finish().await.map_err(|_| FormatError::Line(lines.number))?;
        rows.push(number);
        total += number;
    }
    let line = line.ok_or(FormatError::CutOff)?;
    let damaged = FormatError::Line(lines.number);
    let manifest: Manifest = serde_json::from_str(&line).map_err(|_| damaged)?;
    if manifest.rows != rows {
        return Err(FormatError::Damaged.into());
    }
    hash.line(&line);
    Ok(manifest)
}

struct Lines {
    file: BufReader<File>,
    /// Of the last line, counted from 1.
    number: u64,
}

impl Lines {
    /// The next line without its end; none: there is no whole one.
    fn next(&mut self) -> Result<Option<String>, BackupError> {
        self.number += 1;
        let mut line = Vec::new();
        self.file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        let line = String::from_utf8(line).map_err(|_| FormatError::Line(self.number))?;
        Ok(Some(line))
    }
}
