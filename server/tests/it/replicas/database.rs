//! A PostgreSQL that restarts, and one whose standby takes over without the last changes.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use keyward::clock::Clock;
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
        self.run_with(program, arguments, &[]);
    }

    fn run_with(&self, program: &str, arguments: &[&str], variables: &[(&str, String)]) {
        let program = self.programs.join(program);
        // What the variables load is for the program alone, and not for who runs it.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "env"]);
            command
        } else {
            Command::new("env")
        };
        command.args(variables.iter().map(|(name, value)| format!("{name}={value}"))).arg(program);
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
        // Which of the two is seen first.
        let answer = server.client.get("/readyz").await.expect(503);
        let code = answer.body()["code"].clone();
        assert!(code == "store_unavailable" || code == "store_altered", "{answer:?}");
    }
}

/// What lets the wall clocks of a process go by a file, and leaves alone what measures time.
fn of_clock(file: &std::path::Path) -> Vec<(&'static str, String)> {
    let libraries = std::fs::read_dir("/usr/lib").unwrap().map(|found| found.unwrap().path());
    let mut all = libraries.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let library = all.find(|library| library.exists()).expect("no libfaketime");
    vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_of_the_database_that_jumps_by_an_hour_decides_nothing() {
    let postgres = Postgres::start().await;
    let clock = postgres.database.folder().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    std::fs::set_permissions(postgres.database.folder(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(&clock, PermissionsExt::from_mode(0o644)).unwrap();
    let restart = ["-D", &postgres.data, "-m", "fast", "-w", "restart"];
    postgres.run_with("pg_ctl", &restart, &of_clock(&clock));
    let cluster = Cluster::of(postgres.database.shared(), 3, &[SHORT]).await;
    let (_, kept) = cluster.key("kept").await;
    let real = Clock::System.now();
    for (n, offset) in ["+3600", "-3600", "+0"].into_iter().enumerate() {
        std::fs::write(&clock, offset).unwrap();
        let sql = "SELECT extract(epoch FROM clock_timestamp())::bigint AS now";
        let theirs: i64 = cluster.query(sql).await[0].try_get("", "now").unwrap();
        let off = theirs - real.unix_timestamp();
        assert!((off - offset.parse::<i64>().unwrap()).abs() < 300, "the clock is off by {off} s");
        for silent in [false, true] {
            let (id, key) = cluster.key(&format!("key {n} {silent}")).await;
            // One that is silent is waited for as long as ever.
            if silent {
                cluster.servers[1].signal("-STOP");
            }
            let effective = cluster.revoke(&id).await;
            cluster.servers[1].signal("-CONT");
            assert_eq!(effective.fenced, u64::from(silent), "{effective:?}");
            assert!(!silent || (900..3_000).contains(&effective.waited), "{effective:?}");
            assert!(!cluster.verify(&key).await.contains(&200));
            for server in &cluster.servers {
                server.client.verify_until(&kept, 200).await;
            }
            cluster.expect_servers(3).await;
        }
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
