//! Each form of `DATABASE_URL` means the same to the server and to every command, and a
//! command never makes a store.

use std::path::Path;
use std::process::Output;

use sea_orm::ConnectionTrait;
use url::Url;

use crate::support::program::Server;
use crate::support::{Backend, TestDatabase, on_both_databases};

on_both_databases!(a_command_never_makes_a_store);

const COMMANDS: [&[&str]; 6] = [
    &["keys", "list"],
    &["keys", "create", "--name", "n"],
    &["keys", "delete", "n"],
    &["audit", "verify"],
    &["encryption", "status"],
    &["encryption", "rotate"],
];

/// Runs it in this folder with this address.
fn run_at(folder: &Path, database: &TestDatabase, url: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = database.command(arguments);
    command.env("DATABASE_URL", url).current_dir(folder);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.code().unwrap(), text)
}

async fn a_command_never_makes_a_store(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    for command in COMMANDS {
        let (code, out, error) = database.run(command);
        assert_eq!((code, out.as_str()), (1, ""), "{command:?}: {error}");
        let name = if backend == Backend::Sqlite { "test.db" } else { "keyward_" };
        assert!(error.contains("there is no database") && error.contains(name), "{error}");
        assert!(error.contains("keyward migrate"), "{error}");
    }
    if backend == Backend::Sqlite {
        assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
        // As `touch` and container platforms make it.
        std::fs::write(database.folder().join("test.db"), "").unwrap();
        let (code, _, error) = database.run(&["keys", "create", "--name", "n"]);
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("there is no database"), "{error}");
    } else {
        let sql = "CREATE TABLE settings (a int)";
        database.connect().await.execute_unprepared(sql).await.unwrap();
        assert_eq!(database.run(&["keys", "list"]).0, 1, "a table of somebody else's");
        let sql = "DROP TABLE settings";
        database.connect().await.execute_unprepared(sql).await.unwrap();
    }
    assert_eq!(database.run(&["migrate"]).0, 0);
    assert_eq!(database.run(&["keys", "create", "--name", "n"]).0, 0);
}

#[tokio::test]
async fn a_file_in_each_form_is_the_same_store_for_server_and_commands() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let folder = database.folder();
    let absolute = folder.join("data/with space.db");
    let absolute = absolute.display();
    let forms = [
        "sqlite://data/with space.db".to_owned(),
        "sqlite:data/with space.db".to_owned(),
        "sqlite://data/with%20space.db".to_owned(),
        "sqlite://./data/with space.db?mode=rwc".to_owned(),
        format!("sqlite://{absolute}"),
        format!("sqlite:{absolute}"),
        format!("sqlite://{absolute}?mode=rw"),
        format!("\"sqlite://{absolute}\"\r\n"),
    ];
    for form in &forms {
        for command in COMMANDS {
            let (code, text) = run_at(folder, &database, form, command);
            assert_eq!(code, 1, "{form}: {text}");
            assert!(
                text.contains("there is no database") && text.contains("with space.db"),
                "{text}"
            );
        }
        assert!(!folder.join("data").exists(), "{form}: a command made a folder");
    }
    assert_eq!(run_at(folder, &database, &forms[6], &["migrate"]).0, 1, "mode=rw makes nothing");
    for (made_by, form) in forms.iter().enumerate().filter(|(n, _)| *n != 6) {
        let (code, text) = run_at(folder, &database, form, &["migrate"]);
        assert_eq!(code, 0, "{form}: {text}");
        let name = format!("key {made_by}");
        let create = ["keys", "create", "--name", &name];
        assert_eq!(run_at(folder, &database, form, &create).0, 0);
        for other in &forms {
            let (code, list) = run_at(folder, &database, other, &["keys", "list"]);
            assert!(code == 0 && list.contains(&name), "{form} {other}: {list}");
        }
        let mut command = database.command(&["serve"]);
        command.env("DATABASE_URL", form).current_dir(folder);
        let server = Server::spawn(command);
        server.client.get("/readyz").await.expect(200);
        assert_eq!(server.stop().0, 0);
        let files = std::fs::read_dir(folder.join("data")).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        let is_of_the_store =
            |name: &std::ffi::OsString| name.to_string_lossy().starts_with("with space.db");
        assert!(names.iter().all(is_of_the_store), "{form}: {names:?}");
        std::fs::remove_dir_all(folder.join("data")).unwrap();
    }
}

#[tokio::test]
async fn a_server_in_each_form_is_the_same_store_for_server_and_commands() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let url = Url::parse(&database.url).unwrap();
    let (port, name) = (url.port().unwrap(), url.path().trim_start_matches('/').to_owned());
    let socket = std::env::var("KEYWARD_TEST_POSTGRES_SOCKET").expect("a folder with the socket");
    let encoded = socket.replace('/', "%2F");
    let folder = database.folder();
    let forms = [
        database.url.clone(),
        format!("postgresql://postgres@localhost:{port}/{name}"),
        format!("postgres://postgres:un%2Fused%40@127.0.0.1:{port}/{name}?sslmode=disable"),
        format!("postgres:///{name}?host=127.0.0.1&port={port}&user=postgres"),
        format!("postgres://postgres@/{name}?host={socket}&port={port}"),
        format!("postgres://postgres@{encoded}:{port}/{name}?connect_timeout=10"),
        format!("postgres://127.0.0.1:{port}/?dbname={name}&user=postgres&application_name=a"),
    ];
    assert_eq!(run_at(folder, &database, &forms[0], &["migrate"]).0, 0);
    for form in &forms {
        let create = ["keys", "create", "--name", form.get(..40).unwrap()];
        let (code, text) = run_at(folder, &database, form, &create);
        assert!(code == 0 || text.contains("already exists"), "{form}: {text}");
        let (_, list) = run_at(folder, &database, &forms[0], &["keys", "list"]);
        assert!(list.contains(form.get(..40).unwrap()), "{form}: {list}");
        let mut command = database.command(&["serve"]);
        command.env("DATABASE_URL", form);
        let server = Server::spawn(command);
        server.client.get("/readyz").await.expect(200);
        assert_eq!(server.stop().0, 0);
    }
}

#[tokio::test]
async fn a_password_among_the_arguments_is_refused() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    for url in ["postgres://u:planted@127.0.0.1:1/d", "postgres://127.0.0.1:1/d?pass%77ord=planted"]
    {
        for command in [&["serve"][..], &["migrate"], &["keys", "list"]] {
            let (code, out, error) = database.run(&[command, &["--database-url", url]].concat());
            assert_eq!((code, out.as_str()), (78, ""), "{error}");
            assert!(error.contains("DATABASE_URL") && error.contains("_FILE"), "{error}");
            assert!(!error.contains("planted"), "{error}");
        }
    }
    let file = database.url.replace("test.db", "other.db");
    assert_eq!(database.run(&["migrate", "--database-url", &file]).0, 0);
    assert!(database.folder().join("other.db").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_start_names_each_file_that_others_can_open() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::new(Backend::Sqlite).await;
    let folder = database.folder();
    assert_eq!(database.run(&["migrate"]).0, 0);
    let key = folder.join("root key");
    std::fs::write(&key, crate::support::ROOT_KEY).unwrap();
    std::fs::write(folder.join(".env"), "A=b\n").unwrap();
    let start = |mode: u32| {
        // As after a crash. SQLite takes an empty one for none; what a full one holds stays.
        let wal = folder.join("test.db-wal");
        std::fs::OpenOptions::new().create(true).append(true).open(wal).unwrap();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut command = database.command(&["serve"]);
        command.env_remove("SECRETS_ENCRYPTION_KEY").current_dir(folder);
        command.env("SECRETS_ENCRYPTION_KEY_FILE", &key);
        let (code, log) = Server::spawn(command).stop();
        assert_eq!(code, 0, "{log}");
        log
    };
    let log = start(0o644);
    for name in ["test.db", "test.db-wal", "root key", ".env"] {
        let path = format!("{name}: chmod 600");
        assert!(log.contains(&path), "{name} in {log}");
    }
    assert!(!start(0o600).contains("chmod"));
}
