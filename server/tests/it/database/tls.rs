//! TLS to a PostgreSQL with a certificate of its own authority, for the name `localhost` alone.

use keyward::config::DatabaseConfig;
use keyward::database::{self, Opening};
use sea_orm::{ConnectionTrait, Statement};
use url::Url;

use crate::support::helper::Helper;
use crate::support::{Backend, TestDatabase};

struct Server {
    _process: Helper,
    port: u16,
    authority: String,
}

impl Server {
    fn start() -> Self {
        // An empty address: the script starts a PostgreSQL of its own.
        let variables = [("KEYWARD_TEST_POSTGRES_URL", ""), ("KEYWARD_TEST_POSTGRES_TLS", "on")];
        let wanted = ["KEYWARD_TEST_POSTGRES_URL", "KEYWARD_TEST_POSTGRES_AUTHORITY"];
        let mut process = Helper::start("with-postgres", &variables, &wanted);
        let port = Url::parse(&process.line()).unwrap().port().unwrap();
        let authority = process.line();
        Self { _process: process, port, authority }
    }

    fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres?{parameters}", self.port)
    }
}

async fn is_encrypted(url: String) -> bool {
    let db = database::connect(&DatabaseConfig::at(url), Opening::Command).await.unwrap();
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    db.close().await.unwrap();
    row.try_get("", "ssl").unwrap()
}

async fn refusal(url: String) -> String {
    let opened = database::connect(&DatabaseConfig::at(url), Opening::Store).await;
    opened.expect_err("it was trusted").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_checked_as_far_as_the_address_says() {
    let server = Server::start();
    let authority = format!("sslrootcert={}", server.authority);
    for (host, parameters) in [
        ("localhost", format!("sslmode=verify-full&{authority}")),
        ("127.0.0.1", format!("sslmode=verify-ca&{authority}")),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", String::new()),
    ] {
        assert!(is_encrypted(server.url(host, &parameters)).await, "{host} {parameters}");
    }
    assert!(!is_encrypted(server.url("127.0.0.1", "sslmode=disable")).await);

    for (host, parameters) in [
        // An authority that nobody knows.
        ("localhost", "sslmode=verify-full".to_owned()),
        ("localhost", "sslmode=verify-ca".to_owned()),
        ("localhost", "sslmode=verify-full&sslrootcert=system".to_owned()),
        // Another name than that in the certificate.
        ("127.0.0.1", format!("sslmode=verify-full&{authority}")),
    ] {
        let text = refusal(server.url(host, &parameters)).await;
        assert!(text.contains("is not trusted: ") && text.contains("sslrootcert=FILE"), "{text}");
    }
    let text =
        refusal(server.url("localhost", "sslmode=verify-full&sslrootcert=/nothing.pem")).await;
    assert!(text.starts_with("DATABASE_URL has an sslrootcert, /nothing.pem"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_where_it_must_prove_who_it_is() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let url = format!("{}?sslmode=verify-full", database.url);
    let output = database.command(&["serve"]).env("DATABASE_URL", url).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("does not support TLS") && stderr.contains("sslmode=disable"),
        "{stderr}"
    );
}
