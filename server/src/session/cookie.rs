//! The cookies: the session, the sign of a known browser ([`super::browser`]), both of them
//! `HttpOnly` and `SameSite=Strict`; and a sign-in under way at the identity provider
//! ([`flow`](crate::oidc::flow)), which is `SameSite=Lax`, since it is the provider's site that sends
//! the browser back.
//!
//! Over https their names begin with `__Host-`, so that no other host of the domain, and
//! nobody on plain http, can set them (RFC 6265bis, 4.1.3). Over http, where that prefix is
//! not to be had, they end in the port: cookies ignore ports, and two servers on one host
//! would sign each other's people out.

use axum::response::AppendHeaders;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use http::header::SET_COOKIE;
use keyward_api::Sensitive;
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use sha2::{Digest, Sha256};
use time::Duration;
use url::Url;

use super::browser::KNOWN_FOR;
use super::store::ABSOLUTE;
use crate::oidc::flow::LASTS;

/// The `Set-Cookie` headers of an answer.
pub type SetCookies<const N: usize> = AppendHeaders<[(HeaderName, String); N]>;

/// The names of the cookies of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookies {
    session: String,
    browser: String,
    sso: String,
    is_secure: bool,
}

impl Cookies {
    /// Those for people who use the server at `public_url`.
    pub fn at(public_url: &Url) -> Self {
        let is_secure = public_url.scheme() == "https";
        let port = public_url.port_or_known_default().unwrap_or_default();
        let name = |what: &str| {
            if is_secure {
                format!("__Host-keyward_{what}")
            } else {
                format!("keyward_{what}_{port}")
            }
        };
        Self { session: name("session"), browser: name("browser"), sso: name("oidc"), is_secure }
    }

    pub fn session_name(&self) -> &str {
        &self.session
    }

    /// The token of the session in the request, if there is one.
    pub fn session<'a>(&self, jar: &'a CookieJar) -> Option<&'a str> {
        jar.get(&self.session).map(Cookie::value)
    }

    /// The sign of a known browser in the request, if there is one.
    pub fn browser<'a>(&self, jar: &'a CookieJar) -> Option<&'a str> {
        jar.get(&self.browser).map(Cookie::value)
    }

    /// The sign-in under way in the request, if there is one.
    pub fn sso<'a>(&self, jar: &'a CookieJar) -> Option<&'a str> {
        jar.get(&self.sso).map(Cookie::value)
    }

    /// Gives a browser a sign-in to bring back.
    pub fn begin_sso(&self, flow: &Sensitive) -> SetCookies<1> {
        let mut cookie = self.cookie(&self.sso, flow.expose(), LASTS);
        cookie.set_same_site(SameSite::Lax);
        AppendHeaders([(SET_COOKIE, cookie.to_string())])
    }

    /// Takes it back.
    pub fn end_sso(&self) -> SetCookies<1> {
        self.removal(&self.sso)
    }

    /// Gives a browser a new session, and the sign that it is known.
    pub fn sign_in(&self, session: &Sensitive, browser: &Sensitive) -> SetCookies<2> {
        let session = self.cookie(&self.session, session.expose(), ABSOLUTE);
        let browser = self.cookie(&self.browser, browser.expose(), KNOWN_FOR);
        AppendHeaders([session, browser].map(|cookie| (SET_COOKIE, cookie.to_string())))
    }

    /// Takes the session back. The browser stays known.
    pub fn sign_out(&self) -> SetCookies<1> {
        self.removal(&self.session)
    }

    fn removal(&self, name: &str) -> SetCookies<1> {
        let mut cookie = self.cookie(name, "", Duration::ZERO);
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
pub fn new_token() -> Result<Sensitive, SysError> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(&mut *bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(*bytes).into())
}

/// What is stored of a token: it is as random as a key, so a fast hash is enough.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(url: &str) -> [String; 2] {
        let Cookies { session, browser, .. } = Cookies::at(&Url::parse(url).unwrap());
        [session, browser]
    }

    #[test]
    fn over_https_the_host_alone_sets_them_and_over_http_each_port_has_its_own() {
        let host = ["__Host-keyward_session", "__Host-keyward_browser"];
        assert_eq!(names("https://keys.example"), host);
        assert_eq!(names("https://keys.example:8443"), host);
        assert_eq!(
            names("http://127.0.0.1:8080"),
            ["keyward_session_8080", "keyward_browser_8080"]
        );
        assert_eq!(names("http://keys.example"), ["keyward_session_80", "keyward_browser_80"]);
        assert_eq!(names("http://[::1]:8081")[0], "keyward_session_8081");
    }
}
