//! From a store into a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::Path;

use futures_util::{TryStreamExt, pin_mut};
use keyward_core::backup::{Hash, Header, Manifest, Table, Value, row_line};
use keyward_core::kek::RootKey;
use rustix::fs::{FlockOperation, flock};
use tempfile::{Builder, NamedTempFile};
use time::format_description::well_known::Rfc3339;

use super::{BackupError, MAX_LINE, Progress, rows, tables};
use crate::audit::{Action, Actor, AuditLog, lookup};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, begin_read, schema};
use crate::settings::RowType;

/// How the name of a backup ends that is being written.
const SUFFIX: &str = ".partial";

/// A backup that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub header: Header,
    pub manifest: Manifest,
    /// Hex.
    pub sha256: String,
}

/// Writes everything that is stored at one moment to `path`, which is replaced at the end.
pub async fn write(
    db: &DatabaseConnection,
    root: &RootKey,
    audit: &AuditLog,
    clock: &Clock,
    path: &Path,
    progress: &Progress<'_>,
) -> Result<Written, BackupError> {
    // Before anything is in the file; the entry is in it as well.
    let mut file = Partial::create(path)?;
    let event = Actor::command_line().did(Action::StoreBackup, Some(path.display().to_string()));
    audit.record(db, event.clone().with_detail("begun")).await?;

    let moment = begin_read(db).await?;
    let (schema, newest) = (schema::newest_applied(&moment).await?, schema::newest_migration());
    if schema != newest {
        return Err(BackupError::Changing(schema));
    }
    let created_at = clock.now().truncate_to_second().format(&Rfc3339).map_err(io::Error::other)?;
    let (sorted_by, tables): (Vec<_>, Vec<_>) = tables::all().into_iter().unzip();
    let header = Header::new(schema, created_at, tables);
    file.line(&serde_json::to_string(&header).map_err(io::Error::other)?)?;
    let (mut manifest, mut total) = (Manifest::default(), 0);
    for (place, (table, sorted_by)) in header.tables.iter().zip(sorted_by).enumerate() {
        let found = rows::stream(&moment, sorted_by, table).await?;
        pin_mut!(found);
        let mut number = 0;
        while let Some(row) = found.try_next().await? {
            note(&mut manifest, table, &row);
            let line = row_line(place, &row);
            if line.len() as u64 > MAX_LINE {
                let (table, reason) = (table.name.clone(), "it is too long".to_owned());
                return Err(BackupError::Row { table, reason });
            }
            file.line(&line)?;
            number += 1;
            progress(total + number);
        }
        manifest.rows.push(number);
        total += number;
    }
    moment.commit().await?;
    file.line(&serde_json::to_string(&manifest).map_err(io::Error::other)?)?;
    let sha256 = file.seal(root)?;
    audit.record(db, event.with_detail(lookup::finished_backup(&sha256))).await?;
    Ok(Written { header, manifest, sha256 })
}

/// What the manifest says of a row.
fn note(manifest: &mut Manifest, Table { name, columns }: &Table, row: &[Value]) {
    let value = |column: &str| {
        columns.iter().position(|(name, _)| name == column).and_then(|place| row.get(place))
    };
    match (name.as_str(), value("id"), value("n"), value("seq"), value("entry_hash")) {
        ("encryption_keys", Some(Value::Text(id)), ..) => manifest.key_ids.push(id.clone()),
        ("generation", Some(Value::Integer(id)), Some(Value::Integer(n)), ..) => {
            manifest.generations.push((*id, *n));
        }
        ("audit_head", _, _, Some(Value::Integer(seq)), Some(Value::Bytes(hash))) => {
            manifest.audit_seq = *seq;
            manifest.audit_hash = hex::encode(hash);
        }
        ("settings", ..) => {
            let kind = Value::Text(RowType::ApiKey.as_str().to_owned());
            manifest.keys += u64::from(value("type") == Some(&kind));
        }
        _ => (),
    }
}

/// A file that is not there yet: it has another name, and is removed unless it becomes whole.
struct Partial<'a> {
    path: &'a Path,
    file: BufWriter<NamedTempFile>,
    hash: Hash,
}

impl<'a> Partial<'a> {
    /// Only its owner may read it: hashes of passwords are in it.
    fn create(path: &'a Path) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::other("it is no name of a file"))?;
        let prefix = format!(".{}.", name.to_string_lossy());
        sweep(folder(path), &prefix);
        let file = Builder::new().prefix(&prefix).suffix(SUFFIX).tempfile_in(folder(path))?;
        // Not every file system has locks; then another backup of this name may not run meanwhile.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Self { path, file: BufWriter::with_capacity(1 << 16, file), hash: Hash::default() })
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.hash.line(line);
        writeln!(self.file, "{line}")
    }

    /// Writes the last line, and gives the file its name once it is on the disk.
    fn seal(self, root: &RootKey) -> io::Result<String> {
        let Self { path, mut file, hash } = self;
        let seal = hash.seal(root);
        writeln!(file, "{}", serde_json::to_string(&seal)?)?;
        let file = file.into_inner().map_err(IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder(path))?.sync_all()?;
        Ok(seal.sha256().to_owned())
    }
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes what killed backups of the same name left, as far as it can. The lock of one that is being
/// written is held.
fn sweep(folder: &Path, prefix: &str) {
    let Ok(found) = fs::read_dir(folder) else { return };
    let is_left = |name: &str| {
        let middle = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
        middle.is_some_and(|middle| !middle.contains('.'))
    };
    for path in found.flatten().map(|found| found.path()) {
        if !path.file_name().is_some_and(|name| is_left(&name.to_string_lossy())) {
            continue;
        }
        if let Ok(file) = File::open(&path)
            && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(%error, path = %path.display(), "what a backup left stays");
        }
    }
}
