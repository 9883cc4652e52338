//! A start that fails names the cause, and at once where waiting changes nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::support::pooler::Pooler;
use crate::support::{Backend, TestDatabase, on_both_databases};

on_both_databases!(a_store_of_a_newer_version_is_left_alone);

/// Exit code and stderr of a start with this address, and how long it took.
fn start(database: &TestDatabase, url: &str) -> (i32, String, Duration) {
    let began = Instant::now();
    let output = database.command(&["serve"]).env("DATABASE_URL", url).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), stderr, began.elapsed())
}

async fn a_store_of_a_newer_version_is_left_alone(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let db = database.connect().await;
    let sql = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)";
    db.execute_unprepared(sql).await.unwrap();
    for command in [&["serve"][..], &["migrate"], &["keys", "create", "--name", "n"]] {
        let (code, out, error) = database.run(command);
        assert_eq!((code, out.as_str()), (1, ""), "{error}");
        assert!(error.contains("made by a newer Keyward"), "{error}");
        assert!(error.contains("m9999_later"), "{error}");
    }
    let keys = keyward::encryption::entity::Entity::find().count(&db).await.unwrap();
    assert_eq!(keys, 0, "something was written");
}

#[tokio::test]
async fn a_path_that_holds_no_store_is_named_with_the_reason() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let folder = database.folder();
    fs::create_dir(folder.join("a folder")).unwrap();
    fs::write(folder.join("a text"), "no database, and longer than a header. ".repeat(100))
        .unwrap();
    for (name, reason) in [
        ("a folder", "it is a folder"),
        ("a text", "it is no SQLite database"),
        ("a text/keyward.db", "Not a directory"),
    ] {
        let path = folder.join(name);
        let (code, stderr, took) = start(&database, &format!("sqlite://{}", path.display()));
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains(path.to_str().unwrap()) && stderr.contains(reason), "{stderr}");
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

/// As another user than root, who may read and write everything.
fn start_as_anybody(
    database: &TestDatabase,
    program: &std::path::Path,
    url: &str,
) -> (i32, String) {
    let wanted = database.command(&[]);
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    }
    command.arg("serve").env_clear();
    command.envs(wanted.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("DATABASE_URL", url).env("PATH", std::env::var("PATH").unwrap());
    let output = command.current_dir("/").stdin(Stdio::null()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_file_or_folder_without_permission_is_named() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let folder = database.folder();
    // Where anybody may run it.
    let program = folder.join("keyward");
    fs::copy(env!("CARGO_BIN_EXE_keyward"), &program).unwrap();
    let mode = |path: &std::path::Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&program, 0o755);
    let file = folder.join("test.db");
    let url = format!("sqlite://{}", file.display());
    // The file, its folder, and a folder in which it is to be made.
    mode(folder, 0o777);
    mode(&file, 0o444);
    let (code, stderr) = start_as_anybody(&database, &program, &url);
    assert_eq!(code, 1, "{stderr}");
    assert!(
        stderr.contains(file.to_str().unwrap()) && stderr.contains("permission denied"),
        "{stderr}"
    );
    mode(folder, 0o555);
    mode(&file, 0o666);
    let (code, stderr) = start_as_anybody(&database, &program, &url);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("its folder: permission denied"), "{stderr}");
    let new = format!("sqlite://{}/data/keyward.db", folder.display());
    let (code, stderr) = start_as_anybody(&database, &program, &new);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("cannot be made: permission denied"), "{stderr}");
    mode(folder, 0o755);
}

#[tokio::test]
async fn what_waiting_cannot_mend_ends_the_start_at_once() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let mut unknown_user = Url::parse(&database.url).unwrap();
    unknown_user.set_username("nobody_known").unwrap();
    unknown_user.set_password(Some("planted")).unwrap();
    let mut unknown_database = Url::parse(&database.url).unwrap();
    unknown_database.set_path("/nothing_known");
    for (url, reason) in [
        (unknown_user, "role \"nobody_known\" does not exist"),
        (unknown_database, "database \"nothing_known\" does not exist"),
    ] {
        let (code, stderr, took) = start(&database, url.as_str());
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains(reason) && stderr.contains("127.0.0.1:"), "{stderr}");
        assert!(!stderr.contains("planted") && took < Duration::from_secs(5), "{took:?} {stderr}");
    }
}

#[tokio::test]
async fn a_wrong_password_ends_the_start_at_once() {
    // The PostgreSQL of the tests asks for none.
    let (_pooler, database) = Pooler::start("auth_type = md5").await;
    let mut url = Url::parse(&database.url).unwrap();
    url.set_password(Some("planted")).unwrap();
    let (code, stderr, took) = start(&database, url.as_str());
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("refused: ") && stderr.contains("password"), "{stderr}");
    assert!(!stderr.contains("planted") && took < Duration::from_secs(5), "{took:?} {stderr}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for_and_the_log_says_so() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let mut url = Url::parse(&database.url).unwrap();
    let postgres = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    url.set_port(Some(address.port())).unwrap();

    // A command does not wait.
    let mut command = database.command(&["keys", "list"]);
    let output = command.env("DATABASE_URL", url.as_str()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("{address} cannot be reached: connection refused")),
        "{stderr}"
    );

    let mut command = database.command(&["serve"]);
    command.env("DATABASE_URL", url.as_str()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    // Kept, since nobody else reads it.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("waiting up to 30 s for the database"), "{line}");
    assert!(line.contains("connection refused"), "{line}");
    // Now it is there.
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let (host, port) = postgres.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect((host, port)).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let stdout = child.stdout.take().unwrap();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        line
    });
    assert!(line.await.unwrap().starts_with("listening on"));
    drop(stderr);
    child.kill().unwrap();
    child.wait().unwrap();
}
