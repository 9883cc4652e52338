//! From a file into a store that is gone afterwards, and what does not hold in it.
//!
//! Nothing of a file is believed before its last line fits all others: hash and mac are checked
//! first, in little memory. Then it is read again, and the hash with it, so that nobody exchanges
//! it in between.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use keyward_api::store::Finding;
use keyward_core::backup::{FormatError, Hash, Header, Manifest, Seal, parse_row};
use keyward_core::kek::RootKeys;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::rows::{self, Inserter};
use super::temporary::TemporaryStore;
use super::{BackupError, MAX_LINE, Progress};
use crate::audit::answer;
use crate::authenticity::check;
use crate::clock::Clock;
use crate::database::{begin_read, begin_write, schema};
use crate::encryption::unlock::{Manner, Unlocked, unlock_altered};

/// The last line is shorter.
const MAX_SEAL: u64 = 512;
const CHUNK: u64 = 1 << 16;

/// What refers to people who are not there, as foreign keys do not allow: somebody who changed the
/// store may have had them switched off. It authenticates nobody.
const ORPHANS: [&str; 2] = ["sessions", "totp_secrets"];

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
    let mut file = File::open(path)?;
    let mut lines = Lines { file: BufReader::new(&mut file), number: 0 };
    let first = lines.next()?.ok_or(FormatError::NoBackup)?;
    let header = Header::parse(&first)?;
    let seal = find_seal(&mut file)?;
    check_whole(&mut file, &seal, roots).await?;

    let store = TemporaryStore::new().await?;
    let looked = async {
        let manifest =
            fill(&store, &mut file, (&first, &header), &seal.seal, roots, progress).await?;
        let (unlocked, findings) = look_through(&store, roots, clock).await?;
        Ok::<_, BackupError>((manifest, unlocked, findings))
    };
    // The file is as it was written: what fails now is no fault of its own.
    let (manifest, unlocked, findings) = looked.await.map_err(|error| store.about(error))?;
    Ok(Loaded { store, unlocked, header, manifest, findings })
}

/// Loads the file into the store.
async fn fill(
    store: &TemporaryStore,
    file: &mut File,
    (first, header): (&str, &Header),
    seal: &Seal,
    roots: &RootKeys,
    progress: &Progress<'_>,
) -> Result<Manifest, BackupError> {
    let transaction = begin_write(&store.db).await?;
    transaction.execute_unprepared("PRAGMA defer_foreign_keys = ON").await?;
    if !schema::migrate_to(&transaction, &header.schema).await? {
        return Err(BackupError::Schema(header.schema.clone()));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut lines = Lines { file: BufReader::new(file), number: 0 };
    let mut hash = Hash::default();
    // The line that the header was read from, whatever is there now.
    lines.next()?;
    hash.line(first);
    let manifest = load_rows(&mut lines, header, &mut hash, &transaction, progress).await?;
    hash.check(seal, roots.all())?;
    schema::migrate_in(&transaction).await?;
    for table in ORPHANS {
        let sql = format!("DELETE FROM {table} WHERE user_id NOT IN (SELECT id FROM users)");
        transaction.execute_unprepared(&sql).await?;
    }
    transaction.commit().await?;
    Ok(manifest)
}

/// Opens the keys, and finds out what does not hold.
async fn look_through(
    store: &TemporaryStore,
    roots: &RootKeys,
    clock: &Clock,
) -> Result<(Unlocked, Vec<Finding>), BackupError> {
    let (unlocked, altered) = unlock_altered(&store.db, roots, clock, Manner::Looking).await?;
    let moment = begin_read(&store.db).await?;
    let mut findings = check::check(&moment, &unlocked.rows, &unlocked.keyring).await?;
    moment.commit().await?;
    let keys = |error: &dyn ToString| Finding::new("encryption_keys", "all", error.to_string());
    findings.extend(altered.map(|error| keys(&error)));
    let log = answer::verification(&unlocked.audit.verify(&store.db).await?);
    if let (false, Some(broken)) = (log.valid, log.broken) {
        findings.push(Finding::new("audit_log", &broken.seq.to_string(), broken.reason));
    }
    Ok((unlocked, findings))
}

/// The last line, and where it begins.
struct FoundSeal {
    seal: Seal,
    at: u64,
}

fn find_seal(file: &mut File) -> Result<FoundSeal, BackupError> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(MAX_SEAL);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(MAX_SEAL).read_to_end(&mut end)?;
    let found = end.strip_suffix(b"\n").and_then(|end| {
        let before = end.iter().rposition(|byte| *byte == b'\n')? + 1;
        let seal = serde_json::from_slice(&end[before..]).ok()?;
        Some(FoundSeal { seal, at: from + before as u64 })
    });
    Ok(found.ok_or(FormatError::CutOff)?)
}

/// Whether all before the last line is what was sealed.
async fn check_whole(
    file: &mut File,
    seal: &FoundSeal,
    roots: &RootKeys,
) -> Result<(), BackupError> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut left, mut chunk) = (Hash::default(), seal.at, Vec::new());
    while left > 0 {
        chunk.clear();
        file.take(left.min(CHUNK)).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            return Err(FormatError::CutOff.into());
        }
        hash.bytes(&chunk);
        left -= chunk.len() as u64;
        // A person may stop it.
        tokio::task::yield_now().await;
    }
    Ok(hash.check(&seal.seal, roots.all())?)
}

/// Loads rows up to the manifest.
async fn load_rows(
    lines: &mut Lines<'_>,
    header: &Header,
    hash: &mut Hash,
    into: &DatabaseTransaction,
    progress: &Progress<'_>,
) -> Result<Manifest, BackupError> {
    let mut line = lines.next()?;
    let (mut rows, mut total) = (Vec::new(), 0);
    for (place, table) in header.tables.iter().enumerate() {
        // A migration writes rows as well.
        rows::clear(into, table).await?;
        let (mut inserter, mut number) = (Inserter::new(into, table, false), 0);
        while let Some(text) = line.as_ref().filter(|text| text.starts_with('[')) {
            let damaged = FormatError::Line(lines.number);
            let (of, row) = parse_row(text, &header.tables).ok_or(damaged)?;
            if of < place {
                return Err(damaged.into());
            }
            if of > place {
                break;
            }
            inserter.put(row).await?;
            hash.line(text);
            number += 1;
            progress(total + number);
            line = lines.next()?;
        }
        inserter.finish().await?;
        rows.push(number);
        total += number;
    }
    let line = line.ok_or(FormatError::CutOff)?;
    let damaged = FormatError::Line(lines.number);
    let manifest: Manifest = serde_json::from_str(&line).map_err(|_| damaged)?;
    if manifest.rows != rows {
        return Err(damaged.into());
    }
    hash.line(&line);
    Ok(manifest)
}

struct Lines<'a> {
    file: BufReader<&'a mut File>,
    /// Of the last line, counted from 1.
    number: u64,
}

impl Lines<'_> {
    /// The next line without its end; none: there is no whole one.
    fn next(&mut self) -> Result<Option<String>, BackupError> {
        self.number += 1;
        let mut line = Vec::new();
        self.file.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        let line = String::from_utf8(line).map_err(|_| FormatError::Line(self.number))?;
        Ok(Some(line))
    }
}
