//! The whole server in this process, with a clock that the test moves.

use std::net::SocketAddr;

use keyward::audit::entity::log;
use keyward::authenticity::sign;
use keyward::clock::Clock;
use keyward::config::{Config, Flags};
use keyward::database::begin_write;
use keyward::http::connections::{self, Limits};
use keyward::serve;
use keyward::state::AppState;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Answer, Backend, Client, TestDatabase};

pub const EMAIL: &str = "ada@example.com";
pub const PASSWORD: &str = "correct horse battery";
/// The variables that make the administrator at the first start.
pub const ADMIN: [(&str, &str); 2] =
    [("KEYWARD_ADMIN_EMAIL", EMAIL), ("KEYWARD_ADMIN_PASSWORD", PASSWORD)];
const START: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

pub const ROOT_KEY: &str = "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=";

pub struct App {
    pub state: AppState,
    pub clock: Clock,
    pub database: TestDatabase,
    /// The text of the setup token, if there is no administrator.
    pub setup_token: Option<String>,
    pub address: SocketAddr,
    server: JoinHandle<()>,
    member: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl App {
    /// With an administrator.
    pub async fn start(backend: Backend) -> Self {
        Self::with(TestDatabase::new(backend).await, &ADMIN).await
    }

    /// Signs what is stored now, as `keyward store accept` does: after a change by hand.
    pub async fn accept(&self) {
        let transaction = begin_write(&self.state.db).await.unwrap();
        sign::everything(&transaction, &self.state.rows, Default::default()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// On a database that the test prepared, with more variables.
    pub async fn with(database: TestDatabase, variables: &[(&str, &str)]) -> Self {
        let env = |name: &str| match name {
            "SECRETS_ENCRYPTION_KEY" => Some(ROOT_KEY.to_owned()),
            "DATABASE_URL" => Some(database.url.clone()),
            _ => {
                let given = variables.iter().find(|(key, _)| *key == name);
                let here = || database.variables().into_iter().find(|(key, _)| *key == name);
                given.map(|(_, value)| (*value).to_owned()).or(here().map(|(_, value)| value))
            }
        };
        let config = Config::load(&Flags::default(), &env).unwrap();
        let clock = Clock::manual(START);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, token) = serve::prepare(&config, clock.clone(), address).await.unwrap();
        let service = keyward::build(state.clone());
        let (limits, never) = (Limits::for_files(1_024), std::future::pending());
        let server = tokio::spawn(connections::serve(listener, service, limits, never));
        let (stop, stopped) = watch::channel(false);
        let keys = state.keys.clone();
        let member = tokio::spawn(async move { keys.stay_member(stopped).await });
        let setup_token = token.map(|token| token.expose().to_owned());
        Self { state, clock, database, setup_token, address, server, member, stop }
    }

    /// Ends it as a server ends: it leaves the others, and nobody writes to the database any more.
    pub async fn end(mut self) {
        let _ = self.stop.send(true);
        (&mut self.member).await.unwrap();
        self.state.db.close_by_ref().await.unwrap();
    }

    /// Another server on the same database; it goes before this one.
    pub async fn sibling(&self) -> Self {
        Self::with(self.database.shared(), &[]).await
    }

    /// Changes the database behind the server.
    pub async fn execute(&self, sql: &str) {
        self.state.db.execute_unprepared(sql).await.unwrap();
    }

    /// Number of entries in the audit log.
    pub async fn audit_entries(&self) -> u64 {
        log::Entity::find().count(&self.state.db).await.unwrap()
    }

    /// A client that is nobody.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// A client that is signed in as the administrator.
    pub async fn admin(&self) -> Client {
        let client = self.anonymous();
        client.sign_in().await;
        client
    }

    /// Asks `/api/verify` with this key.
    pub async fn verify(&self, key: &str) -> Answer {
        self.anonymous().verify(key).await
    }

    pub async fn accepts(&self, key: &str) -> bool {
        self.anonymous().accepts(key).await
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
        self.member.abort();
    }
}
