//! The lines in a file that several processes append to.
//!
//! 1. Who writes has the lock of the file (`flock`), and has read to its end before.
//! 2. Lines are appended in one write and are on the disk (`fdatasync`) before it returns. What was
//!    written in part is cut off, by who wrote it or by the next one.
//! 3. A whole file appears at once: written beside its place, stored, renamed. Who had the former
//!    one open sees that its place has another, and reads that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use keyward_core::kek::RootKeys;
use keyward_core::watermark::{self, End, Mark, Marks, Unusable};
use rustix::fs::{Gid, Uid, fchown};
use rustix::process::geteuid;

/// Distinguishes the files that this process writes beside their places.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Why lines were not read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Unusable(#[from] Unusable),
    /// Somebody removed it.
    #[error("it was removed")]
    Gone,
    /// Somebody cut it off.
    #[error("it was cut off")]
    Shortened,
}

/// A file of lines.
pub struct LogFile {
    path: PathBuf,
    roots: RootKeys,
    file: File,
    end: End,
}

/// Lets go of the lock of a file.
struct Locked<'a>(&'a File);

impl<'a> Locked<'a> {
    fn wait(file: &'a File) -> io::Result<Self> {
        file.lock()?;
        Ok(Self(file))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // It ends with the file at the latest.
        let _ = self.0.unlock();
    }
}

impl LogFile {
    /// Reads a file; none: there is none.
    pub fn open(path: &Path, roots: &RootKeys) -> Result<Option<(Self, Marks)>, FileError> {
        let options = OpenOptions::new().read(true).append(true).to_owned();
        let file = match options.open(path) {
            // A part of the path may be a file: the address of the database is wrong then.
            Err(error)
                if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) =>
            {
                return Ok(None);
            }
            opened => opened?,
        };
        let bytes = {
            let _locked = Locked::wait(&file)?;
            rest(&file, 0)?
        };
        let (marks, end) = watermark::read(&bytes, roots.all())?;
        Ok(Some((Self { path: path.to_owned(), roots: roots.clone(), file, end }, marks)))
    }

    /// Makes a file with these lines; when another process was faster, its lines.
    pub fn create(
        path: &Path,
        roots: &RootKeys,
        marks: &Marks,
    ) -> Result<(Self, Marks), FileError> {
        let (file, end, beside) = write_beside(path, roots, marks)?;
        let linked = fs::hard_link(&beside, path);
        let is_there = match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => true,
            // There are file systems without links.
            Err(_) if !path.exists() => fs::rename(&beside, path).map(|()| false)?,
            Err(_) => true,
            Ok(()) => false,
        };
        let _ = fs::remove_file(&beside);
        sync_folder(path)?;
        if is_there {
            return Self::open(path, roots)?.ok_or(FileError::Gone);
        }
        let made = Self { path: path.to_owned(), roots: roots.clone(), file, end };
        Ok((made, marks.clone()))
    }

    /// Appends these lines, and answers what others wrote before them. When this returns, they are
    /// on the disk.
    pub fn append(&mut self, marks: &[Mark]) -> Result<Vec<Mark>, FileError> {
        loop {
            let mut others = self.reopen()?;
            let locked = Locked::wait(&self.file)?;
            if !is_at(&self.file, &self.path)? {
                continue;
            }
            others.extend(catch_up(&self.file, &mut self.end)?);
            let mut next = self.end.clone();
            let text = next.write(marks.iter().cloned());
            let written = (&self.file).write_all(text.as_bytes());
            if let Err(error) = written.and_then(|()| self.file.sync_data()) {
                let _ = self.file.set_len(self.end.bytes());
                return Err(error.into());
            }
            drop(locked);
            self.end = next;
            return Ok(others);
        }
    }

    /// Puts another file in the place of this one, of which `merge` says what is in it, when it
    /// has what others wrote meanwhile.
    pub fn replace(&mut self, merge: impl Fn(&[Mark]) -> Marks) -> Result<(), FileError> {
        let (file, end) = loop {
            let mut others = self.reopen()?;
            let _locked = Locked::wait(&self.file)?;
            if !is_at(&self.file, &self.path)? {
                continue;
            }
            others.extend(catch_up(&self.file, &mut self.end)?);
            let (file, end, beside) = write_beside(&self.path, &self.roots, &merge(&others))?;
            fs::rename(beside, &self.path)?;
            sync_folder(&self.path)?;
            break (file, end);
        };
        (self.file, self.end) = (file, end);
        Ok(())
    }

    /// Whether it is under the root key of before a change.
    pub fn is_former(&self) -> bool {
        !self.end.is_under(&self.roots.current)
    }

    /// How many lines it has.
    pub fn lines(&self) -> u64 {
        self.end.lines()
    }

    /// Opens the file that is in its place now, if that is another one; what it says.
    fn reopen(&mut self) -> Result<Vec<Mark>, FileError> {
        if is_at(&self.file, &self.path)? {
            return Ok(Vec::new());
        }
        let (found, marks) = Self::open(&self.path, &self.roots)?.ok_or(FileError::Gone)?;
        *self = found;
        Ok(marks.lines().collect())
    }
}

/// Whether this open file is the one in this place.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads what others appended, and cuts off what is no whole line.
fn catch_up(file: &File, end: &mut End) -> Result<Vec<Mark>, FileError> {
    if file.metadata()?.len() < end.bytes() {
        return Err(FileError::Shortened);
    }
    let bytes = rest(file, end.bytes())?;
    let others = end.follow(&bytes)?;
    if file.metadata()?.len() != end.bytes() {
        file.set_len(end.bytes())?;
    }
    Ok(others)
}

fn rest(mut file: &File, from: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file beside this place with these lines, on the disk, where its end is, and its name.
fn write_beside(
    path: &Path,
    roots: &RootKeys,
    marks: &Marks,
) -> Result<(File, End, PathBuf), FileError> {
    let mut name = path.as_os_str().to_owned();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}", std::process::id()));
    let beside = PathBuf::from(name);
    // Left by a process that had the same number, and was killed.
    let _ = fs::remove_file(&beside);
    let options =
        OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).to_owned();
    let mut file = options.open(&beside)?;
    give_to_owner(&file, path)?;
    let (first, mut end) = End::first(&roots.current);
    let text = first + &end.write(marks.lines());
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        let _ = fs::remove_file(&beside);
        return Err(error.into());
    }
    Ok((file, end, beside))
}

/// What an administrator makes or writes again by a command belongs to who had it, or to who has the
/// folder: the server must read and write it.
fn give_to_owner(file: &File, path: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = || fs::metadata(folder.unwrap_or(Path::new(".")));
    let owner = fs::metadata(path).or_else(|_| folder())?;
    let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
    Ok(fchown(file, Some(user), Some(group))?)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Keeps a file that cannot be used, for who wants to look into it.
pub(super) fn set_aside(file: &Path) -> Result<(), FileError> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(".unusable");
    Ok(fs::rename(file, aside)?)
}
