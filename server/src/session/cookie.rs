//! The session cookie: `HttpOnly` and `SameSite=Strict`.
//!
//! Over https its name begins with `__Host-`, so that no other host of the domain, and
//! nobody on plain http, can set it (RFC 6265bis, 4.1.3). Over http, where that prefix is
//! not to be had, it ends in the port: cookies do not heed ports, and two servers on one host
//! would sign each other's people out.

use axum::response::AppendHeaders;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use http::header::SET_COOKIE;
use keyward_api::Sensitive;
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use time::Duration;
use url::Url;

use super::store::ABSOLUTE;
use crate::error::Error;

/// The `Set-Cookie` headers of an answer.
pub type SetCookies<const N: usize> = AppendHeaders<[(HeaderName, String); N]>;

/// The name of the cookie of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookies {
    session: String,
    is_secure: bool,
}

impl Cookies {
    /// The one for people who use the server at `public_url`.
    pub fn at(public_url: &Url) -> Self {
        let is_secure = public_url.scheme() == "https";
        let port = public_url.port_or_known_default().unwrap_or_default();
        let session = if is_secure {
            "__Host-keyward_session".to_owned()
        } else {
            format!("keyward_session_{port}")
        };
        Self { session, is_secure }
    }

    /// The name of the session cookie.
    pub fn session_name(&self) -> &str {
        &self.session
    }

    /// The token of the session in the request, if there is one.
    pub fn session<'a>(&self, jar: &'a CookieJar) -> Option<&'a str> {
        jar.get(&self.session).map(Cookie::value)
    }

    /// Gives a browser a new session.
    pub fn sign_in(&self, session: &Sensitive) -> SetCookies<1> {
        let cookie = self.cookie(&self.session, session.expose(), ABSOLUTE);
        AppendHeaders([(SET_COOKIE, cookie.to_string())])
    }

    /// Takes the session back.
    pub fn sign_out(&self) -> SetCookies<1> {
        let mut cookie = self.cookie(&self.session, "", Duration::ZERO);
        cookie.make_removal();
        AppendHeaders([(SET_COOKIE, cookie.to_string())])
    }

    fn cookie<'a>(&self, name: &'a str, value: &'a str, lasts: Duration) -> Cookie<'a> {
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.is_secure)
            .max_age(lasts)
            .build()
    }
}

/// A new token: 32 bytes of the operating system's randomness as base64url.
pub fn new_token() -> Result<Sensitive, Error> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    SysRng
        .try_fill_bytes(&mut *bytes)
        .map_err(|error| Error::Internal(format!("no random bytes: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(*bytes).into())
}

/// What is stored of a token: it is as random as a key, so a fast hash is enough.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(url: &str) -> String {
        Cookies::at(&Url::parse(url).unwrap()).session
    }

    #[test]
    fn over_https_the_host_alone_sets_it_and_over_http_each_port_has_its_own() {
        assert_eq!(name("https://keys.example"), "__Host-keyward_session");
        assert_eq!(name("https://keys.example:8443"), "__Host-keyward_session");
        assert_eq!(name("http://127.0.0.1:8080"), "keyward_session_8080");
        assert_eq!(name("http://keys.example"), "keyward_session_80");
        assert_eq!(name("http://[::1]:8081"), "keyward_session_8081");
    }
}
