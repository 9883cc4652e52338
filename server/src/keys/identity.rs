//! Who a key belongs to, as it is sent: made once for each key, not for each request.

use std::ops::Range;

use axum::body::Bytes;
use http::HeaderValue;
use keyward_api::Data;
use keyward_api::keys::{ApiKey, VerifiedCaller};
use keyward_api::scopes::grants;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is escaped in the value of a header: everything but RFC 3986 unreserved characters.
const HEADER_ESCAPES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of a [`VerifiedCaller`] without its texts, and with a few scopes.
const ROOM: usize = 64;

/// All of it in one piece of memory, since there may be very many: the id and the name,
/// percent-encoded, the scopes, separated by spaces, and a [`VerifiedCaller`] in its
/// envelope, as JSON.
#[derive(Clone, Debug)]
pub struct Identity {
    text: Bytes,
    ends: [u32; 3],
}

impl Identity {
    #[expect(clippy::expect_used, reason = "texts always fit JSON")]
    pub(super) fn of(record: &ApiKey) -> Self {
        let ApiKey { id, name, scopes, .. } = record;
        let held = scopes.iter().map(str::len).sum::<usize>();
        // Enough for names that need no escapes: a start makes very many of these.
        let mut text = String::with_capacity(2 * (id.len() + name.len() + held) + ROOM);
        let escaped = |text| utf8_percent_encode(text, HEADER_ESCAPES);
        text.extend(escaped(id));
        let mut ends = [text.len(); 3];
        text.extend(escaped(name));
        ends[1] = text.len();
        for (n, scope) in scopes.iter().enumerate() {
            text.push_str(if n == 0 { "" } else { " " });
            text.push_str(scope);
        }
        ends[2] = text.len();
        let (key_id, name, scopes) = (id.clone(), name.clone(), scopes.clone());
        let data = VerifiedCaller { key_id, name, scopes };
        let mut text = text.into_bytes();
        serde_json::to_writer(&mut text, &Data { data }).expect("JSON of texts");
        text.shrink_to_fit();
        Self { text: text.into(), ends: ends.map(|end| u32::try_from(end).unwrap_or(0)) }
    }

    fn range(&self, part: usize) -> Range<usize> {
        let end = |part: usize| self.ends[part] as usize;
        let start = part.checked_sub(1).map_or(0, end);
        start..end(part)
    }

    #[expect(clippy::expect_used, reason = "escaped texts and scopes are visible ASCII")]
    fn header(&self, part: usize) -> HeaderValue {
        HeaderValue::from_maybe_shared(self.text.slice(self.range(part))).expect("visible ASCII")
    }

    pub fn id(&self) -> HeaderValue {
        self.header(0)
    }

    pub fn name(&self) -> HeaderValue {
        self.header(1)
    }

    /// The scopes, separated by spaces; empty when there are none.
    pub fn scopes(&self) -> HeaderValue {
        self.header(2)
    }

    /// A [`VerifiedCaller`] in its envelope, as JSON.
    pub fn body(&self) -> Bytes {
        self.text.slice(self.ends[2] as usize..)
    }

    /// Whether one of the scopes grants this one.
    pub fn has_scope(&self, asked: &str) -> bool {
        let held = std::str::from_utf8(&self.text[self.range(2)]).unwrap_or_default();
        held.split(' ').any(|held| grants(held, asked))
    }

    /// Id, name and scopes. Read from what would be sent, so that a key in memory holds them
    /// once.
    pub fn caller(&self) -> serde_json::Result<VerifiedCaller> {
        let body: Data<VerifiedCaller> = serde_json::from_slice(&self.body())?;
        Ok(body.data)
    }
}
