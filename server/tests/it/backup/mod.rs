//! `keyward backup`, `keyward backup verify` and `keyward restore`.

mod crashes;
mod damage;
mod round_trip;
mod schema;

use std::path::{Path, PathBuf};

use crate::support::TestDatabase;

impl TestDatabase {
    /// Where backups of a test go.
    fn backup_file(&self) -> PathBuf {
        self.folder().join("backup")
    }

    /// Writes a backup of what is stored.
    fn back_up(&self) -> PathBuf {
        let file = self.backup_file();
        self.expect_run(&["backup", path(&file)]);
        file
    }

    /// Runs the program, which succeeds; what it prints.
    fn expect_run(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {out}{error}");
        out
    }
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}
