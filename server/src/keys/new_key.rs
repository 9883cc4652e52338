//! What is wanted of a key: a new one, or a change of one. `Display` is what the audit log says of it.

use std::fmt;

use ipnet::IpNet;
use keyward_api::keys::KeyName;
use keyward_api::limits::RateLimit;
use keyward_api::scopes::Scopes;
use keyward_core::digest::KeyDigest;
use keyward_core::networks;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub struct NewKey {
    pub name: KeyName,
    pub scopes: Scopes,
    pub expires_at: Option<OffsetDateTime>,
    pub rate_limit: Option<RateLimit>,
    pub networks: Vec<IpNet>,
}

impl NewKey {
    /// A key that proves who calls, from everywhere, as often as it comes, for ever.
    pub fn named(name: KeyName) -> Self {
        let (scopes, networks) = (Scopes::default(), Vec::new());
        Self { name, scopes, expires_at: None, rate_limit: None, networks }
    }
}

/// The digest of a key that was just made, and its display prefix.
pub struct NewDigest {
    /// Its first characters.
    pub prefix: String,
    pub digest: KeyDigest,
}

/// What can be changed of a key; `None` leaves it.
#[derive(Default)]
pub struct KeyChange {
    pub name: Option<KeyName>,
    pub scopes: Option<Scopes>,
    /// A new expiry, or none.
    pub expires_at: Option<Option<OffsetDateTime>>,
    pub enabled: Option<bool>,
    /// A new limit, or none.
    pub rate_limit: Option<Option<RateLimit>>,
    pub networks: Option<Vec<IpNet>>,
}

impl KeyChange {
    /// Whether it says what the key may not do.
    pub fn restricts(&self) -> bool {
        let has_networks = self.networks.as_ref().is_some_and(|networks| !networks.is_empty());
        let is_limited = matches!(self.rate_limit, Some(Some(_)));
        let ends = matches!(self.expires_at, Some(Some(_)));
        self.enabled == Some(false) || self.scopes.is_some() || ends || is_limited || has_networks
    }
}

/// Which parts are changed, for the audit log.
impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(|name| format!("name: {}", name.as_str()));
        let scopes = self.scopes.as_ref().map(scopes_text);
        let expiry = self.expires_at.map(expiry_text);
        let enabled = self.enabled.map(|enabled| format!("enabled: {enabled}"));
        let limit = self.rate_limit.as_ref().map(|limit| limit_text(limit.as_ref()));
        let networks = self.networks.as_ref().map(|networks| networks_text(networks));
        let parts = [name, scopes, expiry, enabled, limit, networks];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// What the key may do, and how long, how often and from where, for the audit log.
impl fmt::Display for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scopes, expiry) = (scopes_text(&self.scopes), expiry_text(self.expires_at));
        let (limit, networks) =
            (limit_text(self.rate_limit.as_ref()), networks_text(&self.networks));
        write!(f, "{scopes}, {expiry}, {limit}, {networks}")
    }
}

fn scopes_text(scopes: &Scopes) -> String {
    let scopes: Vec<&str> = scopes.iter().collect();
    format!("scopes: {}", if scopes.is_empty() { "none".into() } else { scopes.join(" ") })
}

fn expiry_text(expiry: Option<OffsetDateTime>) -> String {
    let text = expiry.and_then(|at| at.format(&Rfc3339).ok());
    format!("expiry: {}", text.as_deref().unwrap_or("never"))
}

fn limit_text(limit: Option<&RateLimit>) -> String {
    match limit {
        Some(RateLimit { requests, window_seconds }) => {
            format!("rate limit: {} in {} s", requests.get(), window_seconds.get())
        }
        None => "rate limit: none".to_owned(),
    }
}

fn networks_text(networks: &[IpNet]) -> String {
    let texts: Vec<String> = networks.iter().map(networks::to_text).collect();
    format!("networks: {}", if texts.is_empty() { "all".into() } else { texts.join(" ") })
}
