//! Several servers on one PostgreSQL, each a process of its own.

mod database;
mod faults;
mod poolers;
mod revocation;
mod settings;
mod sharing;

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;

use crate::support::program::Server;
use crate::support::{ADMIN, Answer, Backend, Client, TestDatabase};

/// So that a test waits no longer than it must.
pub const SHORT: (&str, &str) = ("KEYWARD_LEASE", "1s");

pub struct Cluster {
    pub database: TestDatabase,
    pub servers: Vec<Server>,
    /// Signed in at the first server.
    pub admin: Client,
}

impl Cluster {
    /// Three servers with leases of a second.
    pub async fn start() -> Self {
        Self::of(TestDatabase::new(Backend::Postgres).await, 3, &[SHORT]).await
    }

    pub async fn of(database: TestDatabase, number: usize, variables: &[(&str, &str)]) -> Self {
        let start = |_| start(&database, variables);
        let servers: Vec<Server> = (0..number).map(start).collect();
        let admin = Client::new(servers[0].address);
        admin.sign_in().await;
        Self { database, servers, admin }
    }

    /// The statuses of a key at all servers.
    pub async fn verify(&self, key: &str) -> Vec<u16> {
        let mut statuses = Vec::new();
        for server in &self.servers {
            statuses.push(server.client.verify(key).await.status);
        }
        statuses
    }

    /// Makes a key that all servers accept.
    pub async fn key(&self, name: &str) -> (String, String) {
        let (id, key) = self.admin.create_key(&json!({ "name": name })).await;
        for server in &self.servers {
            server.client.verify_until(&key, 200).await;
        }
        (id, key)
    }

    /// Deletes a key by the first server: where that is in effect.
    pub async fn revoke(&self, id: &str) -> Effective {
        effective(&self.admin.delete(&format!("/api/keys/{id}")).await.expect(200))
    }

    /// Waits until so many servers are there.
    pub async fn expect_servers(&self, number: usize) {
        for _ in 0..100 {
            let listed = self.admin.get("/api/admin/replicas").await.expect(200).data();
            if listed["servers"].as_array().unwrap().len() == number {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("there are not {number} servers");
    }

    /// Asks the database by itself.
    pub async fn query(&self, sql: &str) -> Vec<sea_orm::QueryResult> {
        let db = self.database.connect().await;
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let rows = db.query_all_raw(statement).await.unwrap();
        db.close().await.unwrap();
        rows
    }
}

/// One more server on a database.
pub fn start(database: &TestDatabase, variables: &[(&str, &str)]) -> Server {
    Server::start(database, &[&ADMIN[..], variables].concat())
}

#[derive(Debug)]
pub struct Effective {
    pub acknowledged: u64,
    pub fenced: u64,
    pub waited: u64,
}

pub fn effective(answer: &Answer) -> Effective {
    let effective = &answer.body()["effective"];
    let number = |name: &str| effective[name].as_u64().unwrap_or_else(|| panic!("{answer:?}"));
    assert!(effective["generation"].as_i64().unwrap() > 0);
    let [acknowledged, fenced, waited] = ["acknowledged", "fenced", "waitedMs"].map(number);
    Effective { acknowledged, fenced, waited }
}

/// The host and port in the address of a PostgreSQL.
pub fn host(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// The same database by another way.
pub fn through(database: &TestDatabase, address: std::net::SocketAddr) -> TestDatabase {
    let mut url = Url::parse(&database.url).unwrap();
    url.set_host(Some(&address.ip().to_string())).unwrap();
    url.set_port(Some(address.port())).unwrap();
    database.at(url.into())
}

pub fn disable() -> Value {
    json!({ "enabled": false })
}
