//! The cookies of a client that speaks plain HTTP to one host. The jar of the HTTP library would
//! change the features of what the server is made of, and all of that be built twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

/// Shared by its clones.
#[derive(Clone, Default)]
pub struct Cookies(Arc<Mutex<BTreeMap<String, String>>>);

impl Cookies {
    /// Does what an answer says. Cookies that are for HTTPS alone are not kept.
    pub fn take_from(&self, headers: &HeaderMap) {
        let mut kept = self.0.lock().unwrap();
        for cookie in headers.get_all(SET_COOKIE) {
            let mut parts = cookie.to_str().unwrap().split(';').map(str::trim);
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let attributes: Vec<_> = parts.map(str::to_ascii_lowercase).collect();
            if attributes.iter().any(|attribute| attribute == "max-age=0") {
                kept.remove(name);
            } else if attributes.iter().all(|attribute| attribute != "secure") {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// What a request sends along.
    pub fn header(&self) -> Option<HeaderValue> {
        let kept = self.0.lock().unwrap();
        let pairs: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| HeaderValue::try_from(pairs.join("; ")).unwrap())
    }
}
