//! The first start: a token that is printed once and lets one person become the first
//! administrator. It lives in memory; a restart prints a new one while there is no user.

use std::sync::Arc;

use keyward_api::Sensitive;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::cookie::new_token;
use crate::error::Error;

/// The SHA-256 of the token, or nothing: then no text opens the set-up.
#[derive(Clone)]
pub struct SetupToken(Option<Arc<[u8; 32]>>);

impl SetupToken {
    /// For an installation that has its administrator.
    pub fn closed() -> Self {
        Self(None)
    }

    /// A new token and the text to print.
    pub fn generate() -> Result<(Self, Sensitive), Error> {
        let text = new_token()?;
        let digest: [u8; 32] = Sha256::digest(text.expose().as_bytes()).into();
        Ok((Self(Some(Arc::new(digest))), text))
    }

    /// Whether this is the token.
    pub fn accepts(&self, text: &Sensitive) -> bool {
        let given: [u8; 32] = Sha256::digest(text.expose().as_bytes()).into();
        self.0.as_ref().is_some_and(|digest| digest.ct_eq(&given).into())
    }
}

/// Where the person goes. The token is in the fragment, which browsers send to nobody.
pub fn link(public_url: &Url, token: &Sensitive) -> String {
    let mut link = public_url.clone();
    link.set_path("/setup");
    link.set_fragment(Some(&format!("token={}", token.expose())));
    link.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_accepted_and_by_a_closed_setup_nothing() {
        let (setup, text) = SetupToken::generate().unwrap();
        assert!(setup.accepts(&text));
        assert!(!setup.accepts(&String::new().into()));
        assert!(!setup.accepts(&SetupToken::generate().unwrap().1));
        assert!(!SetupToken::closed().accepts(&text));
    }

    #[test]
    fn the_link_carries_the_token_in_its_fragment() {
        let url = Url::parse("https://keys.example/").unwrap();
        assert_eq!(link(&url, &"t0k".to_owned().into()), "https://keys.example/setup#token=t0k");
    }
}
