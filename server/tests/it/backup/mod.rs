//! `keyward backup`, `keyward backup verify` and `keyward restore`.

mod crashes;
mod damage;
mod round_trip;
mod schema;

use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, Statement};

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

    /// Nobody has a session or an invitation there. Asked of the rows: a cookie of another server has
    /// another name, and is refused in any case.
    async fn expect_nobody_let_in(&self) {
        let db = self.connect().await;
        for table in ["sessions", "invitations"] {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            let number = Statement::from_string(db.get_database_backend(), sql);
            let number = db.query_one_raw(number).await.unwrap().unwrap();
            assert_eq!(number.try_get::<i64>("", "n").unwrap(), 0, "{table}");
        }
        db.close().await.unwrap();
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
