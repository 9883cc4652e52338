//! The session cookie: `HttpOnly`, `SameSite=Strict`, `Secure` when people use https.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::Sensitive;
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use url::Url;

use super::store::ABSOLUTE;
use crate::error::Error;

/// The name of the cookie.
pub const NAME: &str = "keyward_session";

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

/// The token in the request, if there is one.
pub fn token(jar: &CookieJar) -> Option<&str> {
    jar.get(NAME).map(Cookie::value)
}

/// Puts the cookie of a new session into the answer.
pub fn set(jar: CookieJar, token: &Sensitive, public_url: &Url) -> CookieJar {
    let mut cookie = cookie(token.expose().to_owned(), public_url);
    cookie.set_max_age(ABSOLUTE);
    jar.add(cookie)
}

/// Takes the cookie back.
pub fn clear(jar: CookieJar, public_url: &Url) -> CookieJar {
    let mut cookie = cookie(String::new(), public_url);
    cookie.make_removal();
    jar.add(cookie)
}

fn cookie(value: String, public_url: &Url) -> Cookie<'static> {
    Cookie::build((NAME, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(public_url.scheme() == "https")
        .build()
}
