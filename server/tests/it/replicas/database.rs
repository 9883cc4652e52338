//! A PostgreSQL that restarts, and one whose standby takes over without the last changes.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use tokio::time::sleep;
use url::Url;

use super::{Cluster, SHORT, host, through};
use crate::support::helper::Helper;
use crate::support::valve::Valve;
use crate::support::{Backend, TestDatabase};

/// A PostgreSQL of this test alone.
struct Postgres {
    database: TestDatabase,
    /// Where `pg_ctl` and the others are.
    programs: PathBuf,
    data: String,
    _process: Helper,
}

impl Postgres {
    async fn start() -> Self {
        let variables = [("KEYWARD_TEST_POSTGRES_URL", "")];
        let mut process =
            Helper::start("with-postgres", &variables, &["KEYWARD_TEST_POSTGRES_URL"]);
        let folder = TestDatabase::new(Backend::Sqlite).await;
        let database = folder.at(process.line());
        let db = database.connect().await;
        let sql = "SELECT current_setting('data_directory') AS data, pg_backend_pid() AS pid";
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.unwrap().unwrap();
        let (data, pid): (String, i32) =
            (row.try_get("", "data").unwrap(), row.try_get("", "pid").unwrap());
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        db.close().await.unwrap();
        Self { database, programs: program.parent().unwrap().to_owned(), data, _process: process }
    }

    /// Runs one of PostgreSQL's programs, as the owner of its files.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // What it starts keeps what it is given.
        let log = std::fs::File::create("/dev/null").unwrap();
        command.args(arguments).current_dir("/").stdout(log.try_clone().unwrap()).stderr(log);
        assert!(command.status().unwrap().success(), "{command:?}");
    }

    fn port(&self) -> u16 {
        Url::parse(&self.database.url).unwrap().port().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_come_back_after_the_database_has_restarted() {
    let postgres = Postgres::start().await;
    let cluster = Cluster::of(postgres.database.shared(), 3, &[SHORT]).await;
    let (_, kept) = cluster.key("kept").await;
    for n in 0..3 {
        let (id, key) = cluster.key(&format!("key {n}")).await;
        cluster.revoke(&id).await;
        postgres.run("pg_ctl", &["-D", &postgres.data, "-m", "immediate", "-w", "restart"]);
        for server in &cluster.servers {
            server.client.verify_until(&kept, 200).await;
        }
        assert_eq!(cluster.verify(&key).await, [401; 3]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revoked_stays_so_when_a_standby_takes_over_that_lacks_it() {
    let postgres = Postgres::start().await;
    let valve = Valve::before(&host(&postgres.database.url)).await;
    let database = through(&postgres.database, valve.address);
    let cluster = Cluster::of(database, 3, &[SHORT]).await;
    let (id, key) = cluster.key("revoked").await;
    // A standby that replays nothing from here on.
    let folder = format!("{}-standby", postgres.data);
    let (port, own) = (postgres.port().to_string(), {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().to_string()
    });
    let from =
        ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-D", &folder, "-R", "-X", "fetch"];
    postgres.run("pg_basebackup", &from);
    let effective = cluster.revoke(&id).await;
    assert_eq!(effective.acknowledged, 3, "{effective:?}");
    postgres.run("pg_ctl", &["-D", &postgres.data, "-m", "immediate", "-w", "stop"]);
    let options =
        format!("-p {own} -c max_connections=400 -c listen_addresses=127.0.0.1 -k {folder}");
    postgres.run("pg_ctl", &["-D", &folder, "-o", &options, "-w", "start"]);
    let standby = Standby { postgres: &postgres, folder: folder.clone() };
    // Before it is promoted, it is refused, whatever it knows.
    valve.lead_to(&format!("127.0.0.1:{own}"));
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(cluster.verify(&key).await, [503; 3]);
    standby.promote();
    // The servers know a change that the store lacks.
    for _ in 0..20 {
        assert!(!cluster.verify(&key).await.contains(&200));
        sleep(Duration::from_millis(100)).await;
    }
    for server in &cluster.servers {
        let answer = server.client.get("/readyz").await.expect(503);
        assert!(answer.text.contains("store_unavailable"), "{answer:?}");
    }
}

/// Ends with the test.
struct Standby<'a> {
    postgres: &'a Postgres,
    folder: String,
}

impl Standby<'_> {
    fn promote(&self) {
        self.postgres.run("pg_ctl", &["-D", &self.folder, "-w", "promote"]);
    }
}

impl Drop for Standby<'_> {
    fn drop(&mut self) {
        self.postgres.run("pg_ctl", &["-D", &self.folder, "-m", "immediate", "-w", "stop"]);
    }
}
