//! What the process asks of the operating system before it holds any secret.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, Mode, access};
use rustix::io;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, geteuid, getrlimit, set_dumpable_behavior, setrlimit, umask,
};

/// No core dump holds a key, no other process of the user reads this one's memory, and
/// files that are made here are the user's alone.
pub fn harden() -> io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

/// Lets this process have as many files open as the system allows it, and says how many that
/// is. Supervisors and shells often set the soft limit to 1 024 for programs that use
/// `select`, which this one does not.
pub fn raise_file_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let current = match raised {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            limit.current
        }
    };
    current.unwrap_or(u64::MAX)
}

/// Whether there is such a file, and other users can read or change it.
pub fn is_open_to_others(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| {
        let is_foreign = found.uid() == 0 && !geteuid().is_root();
        found.is_file() && is_exposed(found.mode(), is_foreign)
    })
}

/// Warns of a file with something secret in it that other users can read or change.
pub fn warn_if_exposed(path: &Path) {
    if is_open_to_others(path) {
        let path = path.display();
        tracing::warn!("other users of this machine can open {path}: chmod 600 {path}");
    }
}

/// The rule of PostgreSQL for its private key: a file of root's may be readable by a group, or
/// a service could not read it; one of our own is for us alone.
fn is_exposed(mode: u32, is_of_root: bool) -> bool {
    mode & if is_of_root { 0o027 } else { 0o077 } != 0
}

/// Whether a file or folder can be read and written; the error says why not. Nothing is opened:
/// closing a file of SQLite would end the locks that this process holds on it.
pub fn writable(path: &Path) -> std::io::Result<()> {
    let wanted = Access::READ_OK | Access::WRITE_OK;
    let wanted = if path.is_dir() { wanted | Access::EXEC_OK } else { wanted };
    Ok(access(path, wanted)?)
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn the_process_cannot_be_dumped_or_read() {
        harden().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        assert_eq!(umask(Mode::RWXG | Mode::RWXO), Mode::RWXG | Mode::RWXO);
    }

    #[test]
    fn the_soft_file_limit_is_raised_to_the_hard_one() {
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(raise_file_limit(), limit.maximum.unwrap_or(u64::MAX));
        let raised = getrlimit(Resource::Nofile);
        assert_eq!((raised.current, raised.maximum), (limit.maximum, limit.maximum));
    }

    #[test]
    fn a_file_is_exposed_when_others_can_open_it() {
        for (mode, of_ours, of_root) in [
            (0o100_600, false, false),
            (0o100_400, false, false),
            (0o100_640, true, false),
            (0o100_644, true, true),
            (0o100_604, true, true),
            (0o100_620, true, true),
            (0o100_666, true, true),
        ] {
            assert_eq!(is_exposed(mode, false), of_ours, "{mode:o}");
            assert_eq!(is_exposed(mode, true), of_root, "{mode:o}");
        }
    }
}
