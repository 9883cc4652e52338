//! Opens the store and makes the services.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use keyward_api::Sensitive;
use keyward_core::row::RowKey;
use url::Url;

use crate::access::Guard;
use crate::access::presented::Accepts;
use crate::audit::refusals::Refusals;
use crate::audit::{AuditLog, Reader};
use crate::clock::Clock;
use crate::config::{AdminConfig, Config, ConfigError};
use crate::database::{DatabaseConnection, Opening};
use crate::encryption::unlock::Unlocked;
use crate::encryption::{Keyring, Rotation};
use crate::http::client_address::TrustedProxies;
use crate::http::error::Error;
use crate::http::exposure;
use crate::http::health::HealthParts;
use crate::http::metrics_page::MetricsPage;
use crate::keys::Registry;
use crate::keys::forward_auth::ForwardAuth;
use crate::metrics::Metrics;
use crate::oidc::flow::FlowSealer;
use crate::oidc::provider::Provider;
use crate::overview::overviews::OverviewParts;
use crate::providers::Credentials;
use crate::recent::Recent;
use crate::replicas::handlers::ReplicasPage;
use crate::replicas::list::ThisServer;
use crate::replicas::{self, Membership};
use crate::secrets::Vault;
use crate::serve::error::StartError;
use crate::serve::open::{Opened, open};
use crate::session::account::Accounts;
use crate::session::browser::KnownBrowsers;
use crate::session::cookie::{self, Cookies};
use crate::session::limit::SignInLimit;
use crate::session::password::{Lane, Passwords};
use crate::session::people::People;
use crate::session::sessions::Recorder;
use crate::session::sign_in::SignInParts;
use crate::session::{setup, store};
use crate::state::{AppState, Services};
use crate::users::Users;

/// Opens the database, brings it up to date, creates the administrator that the
/// configuration names, and loads the keys. With no user at all, the text of a new setup
/// token comes along.
pub async fn prepare(
    config: &Config,
    clock: Clock,
    address: SocketAddr,
) -> Result<(AppState, Option<Sensitive>), StartError> {
    let Opened { db, unlocked, watermark } = open(&config.store, &clock, Opening::Store).await?;
    let Unlocked { keyring, audit, rows } = unlocked;
    let people = People::new(db.clone(), rows.clone());
    people.load().await?;
    let passwords = Passwords::new()?;
    let setup_token = first_admin(&config.admin, &people, &passwords, &clock, &audit).await?;
    replicas::terms::agree(&db, &config.terms).await?;
    let this = ThisServer::at(address);
    let membership = Membership::of_server(&db, config.terms, &this.address);
    let (now, log, ours) = (clock.clone(), audit.clone(), membership.clone());
    let keys = Registry::load(db.clone(), now, log, rows.clone(), ours, watermark).await?;
    keys.keep_position().await?;
    tracing::info!(keys = keys.len(), "keys loaded");
    let public_url = public_url(config, address)?;
    let sso = config.oidc.clone();
    let sso = sso.map(|oidc| Provider::new(oidc, &public_url, clock.clone())).transpose()?;
    let replicas = ReplicasPage { db: db.clone(), membership, this };
    let ground = Ground { db, clock, audit, rows, keyring, sso, replicas };
    let is_plain_http = exposure::is_plain_and_reachable(address, &public_url);
    let services = services(config, ground, keys, people, passwords, public_url, is_plain_http);
    // Last, so that nobody waits for a server that loads keys, or does not start after all.
    services.replicas.membership.start().await?;
    Ok((services.into(), setup_token))
}

struct Ground {
    db: DatabaseConnection,
    clock: Clock,
    audit: AuditLog,
    rows: RowKey,
    keyring: Keyring,
    sso: Option<Provider>,
    replicas: ReplicasPage,
}

fn services(
    config: &Config,
    ground: Ground,
    keys: Registry,
    people: People,
    passwords: Passwords,
    public_url: Url,
    is_plain_http: bool,
) -> Services {
    let Ground { db, clock, audit, rows, keyring, sso, replicas } = ground;
    let proxies = TrustedProxies::from(config.http.trusted_proxies.clone());
    let refusals = Refusals::new(audit.clone(), db.clone());
    let authenticator = Arc::new(keys.authenticator());
    let metrics = Arc::new(Metrics::default());
    let cookies = Arc::new(Cookies::at(&public_url));
    let forward_auth = ForwardAuth::new(
        authenticator.clone(),
        metrics.clone(),
        clock.clone(),
        proxies.clone(),
        config.http.forward_auth,
    );
    let guard = Guard {
        authenticator: authenticator.clone(),
        // Forward auth alone takes passwords.
        accepts: Accepts { basic: false, ..config.http.forward_auth.accepts },
        people: people.clone(),
        cookies: cookies.clone(),
        clock: clock.clone(),
        refusals: refusals.clone(),
    };
    let health = HealthParts {
        db: db.clone(),
        keyring: keyring.clone(),
        keys: keys.clone(),
        people: people.clone(),
        membership: replicas.membership.clone(),
        // By the machine's clock, whatever the others show: this is about load.
        readiness: Recent::new(Clock::System),
        write_attempt: Arc::default(),
        is_stopping: AtomicBool::new(false),
    };
    let sign_in = SignInParts {
        db: db.clone(),
        clock: clock.clone(),
        audit: audit.clone(),
        refusals: refusals.clone(),
        rows: rows.clone(),
        people: people.clone(),
        accounts: Accounts::new(people.clone(), keyring.clone(), audit.clone()),
        passwords,
        cookies,
        browsers: KnownBrowsers::new(config.store.root_keys.current.known_browsers_key()),
        limit: SignInLimit::new(&clock, replicas.membership.servers()),
        setup_status: Recent::new(Clock::System),
        public_url: public_url.clone(),
        local_sign_in: config.local_sign_in,
        sso,
        flows: FlowSealer::new(config.store.root_keys.current.sso_flow_key()),
    };
    let overviews = OverviewParts {
        db: db.clone(),
        clock: clock.clone(),
        audit: audit.clone(),
        rows: rows.clone(),
        keys: keys.clone(),
        people: people.clone(),
        root_key: config.store.root_keys.current.id(),
        has_previous_root_key: config.store.root_keys.previous.is_some(),
        is_plain_http,
    };
    let is_elsewhere = config.http.metrics_bind.is_some();
    let (keys_shown, people_shown) = (keys.clone(), people.clone());
    Services {
        reader: Reader::new(audit.clone(), db.clone(), rows.clone(), clock.clone()),
        users: Users::new(people.clone(), keyring.clone(), audit.clone(), clock.clone()),
        rotation: Rotation::new(db.clone(), clock.clone(), keyring.clone(), audit.clone()),
        vault: Vault::new(db.clone(), clock.clone(), keyring.clone(), audit.clone()),
        credentials: Credentials::new(
            db.clone(),
            clock.clone(),
            keyring.clone(),
            audit.clone(),
            rows.clone(),
        ),
        metrics: MetricsPage {
            metrics,
            keys: keys_shown,
            people: people_shown,
            membership: replicas.membership.clone(),
            is_elsewhere,
        },
        replicas,
        health: health.into(),
        sign_in: sign_in.into(),
        overviews: overviews.into(),
        db,
        clock,
        audit,
        refusals,
        rows,
        keys,
        authenticator,
        forward_auth,
        keyring,
        people,
        guard,
        proxies,
        public_url,
    }
}

async fn first_admin(
    admin: &Result<Option<AdminConfig>, ConfigError>,
    people: &People,
    passwords: &Passwords,
    clock: &Clock,
    audit: &AuditLog,
) -> Result<Option<Sensitive>, StartError> {
    let db = people.db();
    if store::has_user(db).await? {
        setup::close(db).await?;
        return Ok(None);
    }
    let Some(AdminConfig { email, password }) = admin.clone()? else {
        let token = cookie::new_token()?;
        return Ok(setup::open(db, people.rows(), &token, clock.now()).await?.then_some(token));
    };
    let hash = passwords.enter(Lane::Known)?.hash(password).await?;
    let recorder = Recorder { audit, origin: None };
    if setup::create_first_admin(people, &email, hash, clock.now(), &recorder).await?.is_some() {
        tracing::info!(email = email.as_str(), "the first administrator was created");
    }
    Ok(None)
}

fn public_url(config: &Config, address: SocketAddr) -> Result<Url, StartError> {
    if let Some(url) = &config.http.public_url {
        return Ok(url.clone());
    }
    let url = Url::parse(&format!("http://{address}"));
    Ok(url.map_err(|error| Error::Internal(format!("the bound address is no URL: {error}")))?)
}
