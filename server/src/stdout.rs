//! Data for the caller of the program. Never panics; tells whether all of it was written.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::BorrowedFd;

use rustix::fs::{OFlags, fcntl_getfl, fstat, fsync, stat};
use rustix::io::Errno;
use rustix::stdio::stdout;

/// Writes a line, to the disk if stdout is a file: a full disk may tell only then.
///
/// # Errors
///
/// Not all of it was written. A pipe whose reader went away is an error as well, and so is a
/// stdout that was closed before the program was started.
pub fn write_line(text: &str) -> io::Result<()> {
    write(&format!("{text}\n"))
}

/// Writes lines, each with its end, as [`write_line`] does.
///
/// # Errors
///
/// As those of [`write_line`].
pub fn write(lines: &str) -> io::Result<()> {
    if was_closed(stdout()) {
        return Err(io::Error::new(ErrorKind::NotConnected, "stdout is closed"));
    }
    // Without the buffer of `std::io::stdout`, which keeps what it could not write.
    let mut file = File::from(stdout().try_clone_to_owned()?);
    file.write_all(lines.as_bytes())?;
    match fsync(&file) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::IO)) => Err(error.into()),
        // Pipes and terminals cannot be synced.
        _ => Ok(()),
    }
}

/// Whether this standard stream was closed when the program was started: then the runtime of
/// Rust has put `/dev/null` there, for reading and writing. (A shell's `>/dev/null` is for
/// writing only, and meant so.)
pub fn was_closed(stream: BorrowedFd<'_>) -> bool {
    let is_for_both = fcntl_getfl(stream).is_ok_and(|flags| flags.contains(OFlags::RDWR));
    let (Ok(stream), Ok(null)) = (fstat(stream), stat("/dev/null")) else { return false };
    is_for_both && (stream.st_mode, stream.st_rdev) == (null.st_mode, null.st_rdev)
}
