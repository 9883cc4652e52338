use std::time::Duration;

/// Files that are not for connections: those of the database, the listeners, the log.
const RESERVED_FILES: u64 = 128;
/// Bounds the memory that idle connections may hold, whatever the file limit is.
const MOST: u64 = 10_000;

/// How long a connection may wait, and how many may be open; the rules are in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte of a request to the end of its headers.
    pub head: Duration,
    pub idle: Duration,
    /// While an answer waits and the client takes nothing of it.
    pub stall: Duration,
    /// Open connections at once.
    pub connections: usize,
}

impl Limits {
    /// Those of a process that may have so many files open.
    pub fn for_files(files: u64) -> Self {
        let connections = (files - RESERVED_FILES.min(files / 2)).clamp(1, MOST);
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            stall: Duration::from_secs(30),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
        }
    }

    /// How often connections are looked at: by so much they may be closed late.
    pub(super) fn pace(&self) -> Duration {
        let shortest = self.head.min(self.idle).min(self.stall);
        (shortest / 40).clamp(Duration::from_millis(5), Duration::from_millis(250))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_leaves_files_for_the_database_and_is_never_zero() {
        let Limits { head, idle, stall, .. } = Limits::for_files(0);
        assert_eq!([head, idle, stall].map(|limit| limit.as_secs()), [10, 60, 30]);
        let cap = |files| Limits::for_files(files).connections;
        assert_eq!((cap(0), cap(1), cap(64)), (1, 1, 32));
        assert_eq!((cap(1_024), cap(20_000), cap(u64::MAX)), (896, 10_000, 10_000));
    }
}
