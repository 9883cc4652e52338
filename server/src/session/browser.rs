//! Browsers that signed in before. Each keeps a cookie that names it, the account and an end,
//! with a mac: a "device cookie" (OWASP, *Slow Down Online Guessing Attacks with Device
//! Cookies*). It opens nothing. It only says that a password that is wrong now is more likely
//! mistyped than guessed, so that a flood of guesses by others does not count against it.
//!
//! Nothing of it is stored: every server with the same root key knows the same browsers, also
//! after a restart. Another root key knows none, and they sign in once more as new ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use keyward_api::Sensitive;
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// A browser is known for so long after it signed in.
pub const KNOWN_FOR: Duration = Duration::days(180);

const ID: usize = 16;
/// The id, and the end in seconds since 1970 (big-endian).
const NAMED: usize = ID + 8;
const MAC: usize = 32;

/// Which browser it is. Random, so that it counts failures of that browser alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrowserId(pub [u8; ID]);

/// Makes and reads the cookies of known browsers.
pub struct KnownBrowsers(Zeroizing<[u8; 32]>);

impl KnownBrowsers {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The browser that presents `cookie`, if it signed in to `account` (trimmed, lower case)
    /// before and not too long ago.
    pub fn recognise(
        &self,
        cookie: Option<&str>,
        account: &str,
        now: OffsetDateTime,
    ) -> Option<BrowserId> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie?).ok()?;
        let bytes: [u8; NAMED + MAC] = bytes.try_into().ok()?;
        let (named, mac) = bytes.split_at(NAMED);
        self.mac(named, account).verify_slice(mac).ok()?;
        let (id, ends) = named.split_at(ID);
        let ends = i64::from_be_bytes(ends.try_into().ok()?);
        (now.unix_timestamp() < ends).then_some(BrowserId(id.try_into().ok()?))
    }

    /// The cookie of a browser that signed in to `account` now, known by `id` or a new one.
    pub fn remember(
        &self,
        id: Option<BrowserId>,
        account: &str,
        now: OffsetDateTime,
    ) -> Result<Sensitive, SysError> {
        let BrowserId(id) = id.map_or_else(new_id, Ok)?;
        let ends = (now + KNOWN_FOR).unix_timestamp().to_be_bytes();
        let named = [&id[..], &ends].concat();
        let mac = self.mac(&named, account).finalize().into_bytes();
        Ok(URL_SAFE_NO_PAD.encode([&named[..], &mac].concat()).into())
    }

    /// What comes before the account has one length, so that nothing can be moved between them.
    #[expect(clippy::expect_used, reason = "HMAC takes any key")]
    fn mac(&self, named: &[u8], account: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any length");
        mac.update(named);
        mac.update(account.as_bytes());
        mac
    }
}

impl std::fmt::Debug for KnownBrowsers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownBrowsers([redacted])")
    }
}

fn new_id() -> Result<BrowserId, SysError> {
    let mut id = [0; ID];
    SysRng.try_fill_bytes(&mut id)?;
    Ok(BrowserId(id))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const ADA: &str = "ada@example.com";

    fn browsers() -> KnownBrowsers {
        KnownBrowsers::new(Zeroizing::new([7; 32]))
    }

    #[test]
    fn a_browser_is_known_for_its_account_until_the_end() {
        let cookie = browsers().remember(None, ADA, NOW).unwrap();
        let known = |account, now| browsers().recognise(Some(cookie.expose()), account, now);
        let id = known(ADA, NOW).unwrap();
        let end = NOW + Duration::days(180);
        assert_eq!(known(ADA, end - Duration::seconds(1)), Some(id.clone()));
        assert_eq!(known(ADA, end), None);
        assert_eq!(known("bob@example.com", NOW), None);
        assert_eq!(known("", NOW), None);
        // It stays the same browser when it signs in again.
        let again = browsers().remember(Some(id.clone()), ADA, NOW).unwrap();
        assert_eq!(browsers().recognise(Some(again.expose()), ADA, NOW), Some(id));
    }

    #[test]
    fn nobody_makes_one_without_the_key_and_every_byte_counts() {
        let cookie = browsers().remember(None, ADA, NOW).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(cookie.expose()).unwrap();
        for n in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[n] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(browsers().recognise(Some(&changed), ADA, NOW), None, "byte {n}");
        }
        let others = KnownBrowsers::new(Zeroizing::new([8; 32]));
        assert_eq!(others.recognise(Some(cookie.expose()), ADA, NOW), None);
        for odd in [None, Some(""), Some("?"), Some(&cookie.expose()[1..])] {
            assert_eq!(browsers().recognise(odd, ADA, NOW), None, "{odd:?}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", browsers()).contains('7'));
    }
}
