//! Everything together.

use std::time::Duration;

use keyward_core::lease::Terms;

use super::admin::AdminConfig;
use super::audit::load_keep;
use super::http::HttpConfig;
use super::oidc::{OidcConfig, load_local_sign_in};
use super::replicas::load_terms;
use super::source::{ConfigError, Environment, Flags};
use super::store::StoreConfig;

/// Everything `serve` needs.
#[derive(Clone, Debug)]
pub struct Config {
    pub store: StoreConfig,
    pub http: HttpConfig,
    /// The first administrator, if one is given. What is wrong here matters only while there
    /// is none: later starts ignore these variables.
    pub admin: Result<Option<AdminConfig>, ConfigError>,
    /// The identity provider, if there is one.
    pub oidc: Option<OidcConfig>,
    /// Whether people may sign in with a password.
    pub local_sign_in: bool,
    /// How long audit entries are kept; absent: for ever.
    pub audit_keep: Option<Duration>,
    /// How long this server accepts keys without a word from the store, if there are several.
    pub terms: Terms,
}

impl Config {
    /// Reads and checks everything; the first thing wrong is the error.
    pub fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let store = StoreConfig::load(flags, env)?;
        let audit_keep = load_keep(env)?;
        let (http, admin) = (HttpConfig::load(flags, env)?, AdminConfig::load(env));
        let oidc = OidcConfig::load(env, &store.root_keys)?;
        let local_sign_in = load_local_sign_in(env, oidc.as_ref())?;
        let terms = load_terms(env)?;
        Ok(Self { store, http, admin, oidc, local_sign_in, audit_keep, terms })
    }
}
