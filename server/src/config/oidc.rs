//! Single sign-on by OpenID Connect, and whether passwords are taken beside it.

use std::net::IpAddr;

use keyward_api::Sensitive;
use keyward_core::kek::RootKeys;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::{Host, Url};

use super::root_key::refuse_shared_root_key;
use super::source::{ConfigError, Environment};
use super::values::{secret, switch, variable};
use crate::oidc::roles::GroupRoles;

pub(super) const ISSUER: &str = "KEYWARD_OIDC_ISSUER";
pub(super) const CLIENT_ID: &str = "KEYWARD_OIDC_CLIENT_ID";
pub(super) const CLIENT_SECRET: &str = "KEYWARD_OIDC_CLIENT_SECRET";
pub(super) const GROUPS_CLAIM: &str = "KEYWARD_OIDC_GROUPS_CLAIM";
pub(super) const ADMIN_GROUPS: &str = "KEYWARD_OIDC_ADMIN_GROUPS";
pub(super) const EDITOR_GROUPS: &str = "KEYWARD_OIDC_EDITOR_GROUPS";
pub(super) const VIEWER_GROUPS: &str = "KEYWARD_OIDC_VIEWER_GROUPS";
pub(super) const PROVISION: &str = "KEYWARD_OIDC_PROVISION";
pub(super) const NAME: &str = "KEYWARD_OIDC_NAME";
pub(super) const CA_FILE: &str = "KEYWARD_OIDC_CA_FILE";
pub(super) const LOCAL_SIGN_IN: &str = "KEYWARD_LOCAL_SIGN_IN";

/// Longest issuer and client id, in bytes.
const MAX: usize = 255;

/// The identity provider.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// As the provider writes it, with or without a slash at the end. `https`, or `http` on
    /// loopback.
    pub issuer: String,
    pub client_id: String,
    /// Absent: a public client, whose codes PKCE alone protects.
    pub client_secret: Option<Sensitive>,
    pub groups: GroupRoles,
    /// Whether people whose groups give them a role get an account when they first sign in.
    pub provisions: bool,
    /// What people call the provider.
    pub name: String,
    /// Authorities that are trusted beside the public ones.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl OidcConfig {
    pub(super) fn load(
        env: Environment<'_>,
        root_keys: &RootKeys,
    ) -> Result<Option<Self>, ConfigError> {
        let client_secret = secret(env, CLIENT_SECRET)?;
        let Some(issuer) = variable(env, ISSUER) else {
            let others =
                [CLIENT_ID, GROUPS_CLAIM, ADMIN_GROUPS, EDITOR_GROUPS, VIEWER_GROUPS, CA_FILE];
            let alone = others.into_iter().find(|name| variable(env, name).is_some());
            let alone = alone.or(client_secret.map(|_| CLIENT_SECRET));
            return match alone {
                None => Ok(None),
                Some(name) => Err(ConfigError::new(name, format!("is set, but not {ISSUER}"))),
            };
        };
        let host = check_issuer(&issuer)?;
        let client_id = variable(env, CLIENT_ID)
            .ok_or_else(|| ConfigError::new(CLIENT_ID, format!("is missing: {ISSUER} is set")))?;
        if client_id.len() > MAX {
            return Err(ConfigError::new(CLIENT_ID, "is too long: expected at most 255 bytes"));
        }
        if let Some(secret) = &client_secret {
            refuse_shared_root_key(root_keys, CLIENT_SECRET, secret.expose())?;
        }
        let groups = |name| groups(variable(env, name).as_deref());
        let groups = GroupRoles {
            claim: variable(env, GROUPS_CLAIM).unwrap_or_else(|| "groups".to_owned()),
            admin: groups(ADMIN_GROUPS),
            editor: groups(EDITOR_GROUPS),
            viewer: groups(VIEWER_GROUPS),
        };
        let name = variable(env, NAME).unwrap_or(host);
        if name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(ConfigError::new(NAME, "is wrong: expected at most 64 characters"));
        }
        let provisions = switch(env, PROVISION, true)?;
        let authorities =
            variable(env, CA_FILE).map_or(Ok(Vec::new()), |file| authorities(&file))?;
        Ok(Some(Self { issuer, client_id, client_secret, groups, provisions, name, authorities }))
    }

    /// Whether the provider is on this machine and speaks plain http.
    pub fn is_plain(&self) -> bool {
        self.issuer.starts_with("http://")
    }
}

/// Whether people may sign in with a password. Without a provider there would be no other way.
pub(super) fn load_local_sign_in(
    env: Environment<'_>,
    oidc: Option<&OidcConfig>,
) -> Result<bool, ConfigError> {
    let is_on = switch(env, LOCAL_SIGN_IN, true)?;
    if !is_on && oidc.is_none() {
        let problem = format!("is off, but without {ISSUER} nobody could sign in");
        return Err(ConfigError::new(LOCAL_SIGN_IN, problem));
    }
    Ok(is_on)
}

/// The host of an issuer that is one (OpenID Connect Discovery 1.0, section 2).
fn check_issuer(text: &str) -> Result<String, ConfigError> {
    let wrong = || {
        let expected = "is no issuer: expected https://HOST/PATH without query, as in the \
                        provider's own .well-known/openid-configuration";
        ConfigError::new(ISSUER, expected)
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    match url.host_str() {
        Some(host) if is_bare && is_safe && url.password().is_none() && text.len() <= MAX => {
            Ok(host.to_owned())
        }
        _ => Err(wrong()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// Names between commas: they may contain blanks.
fn groups(text: Option<&str>) -> Vec<String> {
    let names = text.unwrap_or_default().split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn authorities(file: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let problem = |problem: String| ConfigError::new(CA_FILE, problem);
    let unreadable = |error| problem(format!("names a file that cannot be read: {error}"));
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(problem("names a file without certificates: expected PEM".to_owned())),
    }
}
