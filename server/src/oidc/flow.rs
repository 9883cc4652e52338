//! What the browser carries from the start to the callback, in a cookie. It is sealed under a key
//! derived from the root key, so that any server of the store completes what another one began,
//! nothing of it is stored, and nobody makes one or reads the PKCE verifier.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::Sensitive;
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A sign-in must be completed within this time.
pub const LASTS: Duration = Duration::minutes(10);
/// Clocks of servers differ by this much at most.
const SKEW: Duration = Duration::minutes(1);

const NONCE: usize = 12;
/// What is sealed is this and nothing else.
const AAD: &[u8] = b"keyward/sso-flow/v1";

/// Longest path to come back to, in bytes.
const MAX_PATH: usize = 512;

/// What for somebody signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    SignIn,
    /// To become the first administrator, by a token with this hash.
    Setup(String),
    /// To accept the invitation whose token has this hash.
    Invitation(String),
    /// To connect the account of this session.
    Connect {
        user: Uuid,
        /// The hash of its token.
        session: String,
    },
}

/// A sign-in under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    pub state: Sensitive,
    pub nonce: Sensitive,
    /// Of PKCE.
    pub verifier: Sensitive,
    pub purpose: Purpose,
    pub return_to: ReturnTo,
    /// Seconds since 1970.
    pub began_at: i64,
}

impl Flow {
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        let age = now.unix_timestamp().saturating_sub(self.began_at);
        age >= LASTS.whole_seconds() || age < -SKEW.whole_seconds()
    }
}

/// Seals and opens flows.
pub struct FlowSealer(Zeroizing<[u8; 32]>);

impl FlowSealer {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a flow is JSON, and far smaller than what GCM seals"
    )]
    pub fn seal(&self, flow: &Flow) -> Result<Sensitive, SysError> {
        let plaintext = Zeroizing::new(serde_json::to_vec(flow).expect("JSON"));
        let mut nonce = [0; NONCE];
        SysRng.try_fill_bytes(&mut nonce)?;
        let payload = Payload { msg: &plaintext, aad: AAD };
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), payload).expect("a short text");
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()).into())
    }

    /// The flow in a cookie; `None`: it was not sealed here, or not whole.
    pub fn open(&self, cookie: &str) -> Option<Flow> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: AAD };
        let plaintext = self.cipher().decrypt(&Nonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&Zeroizing::new(plaintext)).ok()
    }

    #[expect(clippy::expect_used, reason = "the key has 32 bytes")]
    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new_from_slice(&*self.0).expect("32 bytes")
    }
}

impl std::fmt::Debug for FlowSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FlowSealer([redacted])")
    }
}

/// A path of this page. Browsers read more as another site than begins with `//`: they drop
/// control characters and take `\` for `/`, so it is resolved as they do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnTo(String);

/// The text is no path of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Expected a path of this page, at most 512 characters")]
pub struct NoPath;

impl ReturnTo {
    /// The first page.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = NoPath;

    fn try_from(text: String) -> Result<Self, NoPath> {
        let is_plain = text.len() <= MAX_PATH && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain || !text.starts_with('/') || text.contains('\\') || text.starts_with("//") {
            return Err(NoPath);
        }
        let here = Url::parse("https://page.invalid/").map_err(|_| NoPath)?;
        let there = here.join(&text).map_err(|_| NoPath)?;
        let is_page = there.origin() == here.origin()
            && there.path() != "/api"
            && !there.path().starts_with("/api/");
        if is_page { Ok(Self(text)) } else { Err(NoPath) }
    }
}

impl From<ReturnTo> for String {
    fn from(path: ReturnTo) -> Self {
        path.0
    }
}
