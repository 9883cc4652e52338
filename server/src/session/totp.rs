//! The codes of an authenticator app (RFC 6238): SHA-1, 6 digits, another one every 30 s, which is
//! what every app knows. A code of one step earlier or later is taken as well, for clocks that
//! differ (section 5.2). That each is taken once is up to the caller, who keeps the step.

use keyward_api::Sensitive;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use time::OffsetDateTime;
use totp_rs::{Algorithm, Builder, Secret};
use url::{Host, Url};
use zeroize::Zeroizing;

/// 160 bits, as RFC 4226, section 4, recommends.
const BYTES: usize = 20;

/// Seconds for which the app shows one code.
pub const STEP: u64 = 30;

/// RFC 3986: all but the unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What makes the codes of a person.
pub struct TotpSecret(Secret);

impl TotpSecret {
    /// A new one, of the operating system's randomness.
    pub fn generate() -> Result<Self, SysError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        SysRng.try_fill_bytes(&mut *bytes)?;
        Ok(Self(Secret::new_stack(*bytes)))
    }

    /// `None`: another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Secret::new_stack(bytes.try_into().ok()?)))
    }

    /// As [`Self::to_base32`] writes it, in either case. `None`: another length or other characters.
    pub fn from_base32(text: &str) -> Option<Self> {
        let capitals = Zeroizing::new(text.to_ascii_uppercase());
        let secret = Secret::try_from_base32(&*capitals).ok()?;
        Self::from_bytes(secret.as_bytes())
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// 32 characters, in capitals.
    pub fn to_base32(&self) -> Sensitive {
        self.0.to_base32().into()
    }

    /// The step of a code that the app shows now, or one step earlier or later: so many times
    /// 30 s after 1970. Spaces, which apps show, do not matter.
    pub fn step_of(&self, code: &str, now: OffsetDateTime) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let now = u64::try_from(now.unix_timestamp()).ok()?;
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP)
            .with_secret(self.0.clone())
            .build_noncompliant();
        totp.check(&Zeroizing::new(code), now).and_then(|step| step.try_into().ok())
    }

    /// What an app reads ("Key Uri Format" of Google Authenticator), for this person at this
    /// server. What it leaves out is as above by default.
    pub fn uri(&self, email: &str, public_url: &Url) -> Sensitive {
        let issuer = match public_url.host() {
            // No colon may be in it.
            Some(Host::Ipv6(_)) | None => "Keyward".to_owned(),
            Some(host) => format!("Keyward ({host})"),
        };
        let encode = |text| utf8_percent_encode(text, RESERVED);
        let (issuer, email, secret) = (encode(&issuer), encode(email), self.to_base32());
        let secret = secret.expose();
        format!("otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}").into()
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // The last six of its eight digits: both are the same number, modulo a power of ten.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_the_ones_beside_it() {
        let step = 1_234_567_890 / 30;
        let begins = step * 30;
        for (seconds, is_good) in [
            (begins - 31, false),
            (begins - 30, true),
            (begins, true),
            (begins + 59, true),
            (begins + 60, false),
        ] {
            let found = secret().step_of("005924", at(seconds));
            assert_eq!(found, is_good.then_some(step), "{seconds}");
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        let now = at(1_234_567_890);
        assert!(secret().step_of(" 005 924 ", now).is_some());
        let long = "0".repeat(70_000);
        for odd in ["", "5924", "+05924", "0059240", "00592a", "٠٠٥٩٢٤", "0059-24", &long] {
            assert_eq!(secret().step_of(odd, now), None);
        }
        assert_eq!(secret().step_of("005924", at(-5)), None);
    }

    #[test]
    fn the_text_comes_back_and_has_one_length() {
        let text = secret().to_base32();
        assert_eq!(text.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let back = |text: &str| TotpSecret::from_base32(text).map(|it| it.as_bytes().to_vec());
        let bytes = Some(secret().as_bytes().to_vec());
        assert_eq!(back(text.expose()), bytes);
        assert_eq!(back(&text.expose().to_lowercase()), bytes);
        let longer = format!("{}AA", text.expose());
        for odd in
            ["", "GEZDGNBV", &text.expose()[1..], &longer, "1EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
        {
            assert_eq!(back(odd), None, "{odd}");
        }
        let made = [TotpSecret::generate().unwrap(), TotpSecret::generate().unwrap()];
        assert_ne!(made[0].as_bytes(), made[1].as_bytes());
    }

    #[test]
    fn the_address_names_server_and_person() {
        let uri = |url: &str, email| secret().uri(email, &Url::parse(url).unwrap());
        assert_eq!(
            uri("https://keys.example:8443", "a+ä@example.com").expose(),
            "otpauth://totp/Keyward%20%28keys.example%29:a%2B%C3%A4%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Keyward%20%28keys.example%29"
        );
        let plain = uri("http://[::1]:8080", "ada@example.com");
        assert!(plain.expose().starts_with("otpauth://totp/Keyward:ada%40example.com?"));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", secret()), "TotpSecret([redacted])");
    }
}
