//! What handlers take out of a request, with refusals in the form of [`Error`].

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use ipnet::IpNet;
use serde::de::DeserializeOwned;

use crate::audit::Origin;
use crate::error::Error;
use crate::state::AppState;

/// The name that a proxy, or the server, gives to a request.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A JSON body. Says which field is wrong, and never repeats what it held.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(refused_body)?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    // Two of them could be about two bodies.
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let media_type = value.to_str().ok().and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

/// The answer to a body that is too large, or was cut off.
pub fn refused_body(rejection: BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::BodyTooLarge,
        _ => Error::InvalidJson("The request body did not arrive whole".into()),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // serde would take `["name", [], null]` for an object without the names.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(Error::field("body", "Expected an object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(refused_value)?;
    json.end()
        .map_err(|_| Error::InvalidJson("Expected one JSON value and nothing after it".into()))?;
    Ok(value)
}

fn refused_value(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    if !error.inner().is_data() {
        let (line, column) = (error.inner().line(), error.inner().column());
        return Error::InvalidJson(format!("Invalid JSON at line {line}, column {column}"));
    }
    let path = error.path().to_string();
    let text = error.inner().to_string();
    // From the right: a text that was sent may hold the same words.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let quoted = |prefix: &str| text.strip_prefix(prefix)?.split('`').next();
    // The path leads to the object, or to the field in it.
    let of_object = |field: &str| match path.rsplit_once('.') {
        _ if path == "." || path == field => field.to_owned(),
        Some((object, last)) if last == field => format!("{object}.{field}"),
        _ => format!("{path}.{field}"),
    };
    if let Some(field) = quoted("missing field `") {
        return Error::field(&of_object(field), format!("{} is required", title(field)));
    }
    if let Some(field) = quoted("unknown field `") {
        return Error::field(&of_object(field), "Unknown field");
    }
    if let Some(field) = quoted("duplicate field `") {
        return Error::field(&of_object(field), "Duplicate field");
    }
    let named = ["invalid type: ", "invalid value: ", "unknown variant "];
    if let Some(rest) = named.iter().find_map(|kind| text.strip_prefix(kind)) {
        // "integer `5`, expected a string": the first half may hold what was sent.
        let (found, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, "another type"));
        if found.starts_with("null") {
            return Error::field(&path, format!("{} is required", title(&path)));
        }
        return Error::field(&path, format!("Expected {expected}"));
    }
    // Ours, from `TryFrom`: a sentence for a person.
    Error::field(&path, text)
}

/// `expiresAt` -> `Expires at`.
fn title(field: &str) -> String {
    let mut words = String::with_capacity(field.len() + 2);
    for c in field.chars() {
        match c {
            c if words.is_empty() => words.extend(c.to_uppercase()),
            c if c.is_uppercase() => {
                words.push(' ');
                words.extend(c.to_lowercase());
            }
            c => words.push(c),
        }
    }
    words
}

/// The query. Says which parameter is wrong, and never repeats what it held.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| {
            let text = rejection.body_text();
            let quoted = |before: &str| text.split(before).nth(1)?.split('`').next();
            let refused = |name: &str, message: &str| Error::field(name, message);
            quoted("unknown field `")
                .map(|name| refused(name, "Unknown parameter"))
                .or_else(|| quoted("duplicate field `").map(|name| refused(name, "Given twice")))
                .unwrap_or_else(|| refused("query", "The query cannot be read"))
        })
    }
}

impl FromRequestParts<AppState> for Origin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let request_id = parts.headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
        Ok(Self { request_id: request_id.map(str::to_owned), address })
    }
}

/// Where a request comes from, by the rules of [`client_address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) =
            peer.ok_or_else(|| Error::Internal("served without connect info".into()))?;
        Ok(Self(client_address(peer.ip(), &parts.headers, &state.trusted_proxies)))
    }
}

/// Whether what this peer says of others is believed.
pub fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
}

/// Whose address a request has, or none:
///
/// 1. A peer that is no trusted proxy is the client, whatever its headers say.
/// 2. A trusted proxy that sends no `X-Forwarded-For` speaks for itself: a health check, or a
///    program on the same machine. A proxy that serves clients must send the header.
/// 3. The header is read from the right, several as one list, since a client can put anything
///    on the left. The first hop that is no trusted proxy is the client.
/// 4. A hop that must be read and cannot be (empty, `unknown`, obfuscated, with a zone) leaves
///    the request without an address. It is not the proxy's: that may be one that opens keys.
/// 5. When all hops are trusted proxies, the client is the leftmost of them.
///
/// `Forwarded` (RFC 7239) and `X-Real-IP` are not read: a proxy that does not know a header
/// passes on what the client put there.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut client = peer.to_canonical();
    // Requests mostly come straight from a client: nothing is read then.
    if !is_trusted(client, trusted) {
        return Some(client);
    }
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        // As bytes: what a client put on the left may be anything.
        for hop in value.as_bytes().rsplit(|byte| *byte == b',') {
            client = parse_hop(hop.trim_ascii())?.to_canonical();
            if !is_trusted(client, trusted) {
                return Some(client);
            }
        }
    }
    Some(client)
}

/// An address, alone or with a port; IPv6 with a port is in brackets. A zone is a name that
/// only the proxy knows.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok().filter(|hop| !hop.contains('%'))?;
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse().ok().or_else(with_port).or_else(|| in_brackets().map(IpAddr::V6))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use keyward_api::keys::CreateApiKey;

    use super::*;

    fn refusal(body: &str) -> (String, String) {
        match parse::<CreateApiKey>(body.as_bytes()) {
            Err(Error::Validation(fields)) => (fields[0].field.clone(), fields[0].message.clone()),
            Err(Error::InvalidJson(detail)) => ("-".into(), detail),
            other => panic!("not refused as input: {other:?}"),
        }
    }

    #[test]
    fn each_mistake_names_its_field() {
        let cases = [
            ("{}", "name", "Name is required"),
            (r#"{"name":null}"#, "name", "Name is required"),
            (r#"{"name":"  "}"#, "name", "Name is required"),
            (r#"{"name":5}"#, "name", "Expected a string"),
            (r#"{"name":"a","colour":1}"#, "colour", "Unknown field"),
            (
                r#"{"name":"a","scopes":["A"]}"#,
                "scopes[0]",
                "Scope must look like orders:write (lower case, at most 128 characters)",
            ),
            (r#"{"name":"a","name":"b"}"#, "name", "Duplicate field"),
            (r#"{"name":"a","rateLimit":{}}"#, "rateLimit.requests", "Requests is required"),
            (r#"{"name":"a","rateLimit":{"x":1}}"#, "rateLimit.x", "Unknown field"),
            ("[]", "body", "Expected an object"),
            (r#"["a",[],null]"#, "body", "Expected an object"),
        ];
        for (body, field, message) in cases {
            let (got_field, got_message) = refusal(body);
            assert_eq!((got_field.as_str(), got_message.as_str()), (field, message), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert_eq!(refusal("{\"name\"").1, "Invalid JSON at line 1, column 7");
        assert_eq!(refusal("").1, "Invalid JSON at line 1, column 0");
        assert_eq!(refusal(r#"{"name":"a"} x"#).1, "Expected one JSON value and nothing after it");
    }

    #[test]
    fn a_refused_value_is_not_repeated() {
        assert!(!refusal(r#"{"name":["planted"]}"#).1.contains("planted"));
        assert!(!refusal(r#"{"name":"a","scopes":"planted"}"#).1.contains("planted"));
        let sly = r#"{"name":"a","scopes":"x, expected planted at line "}"#;
        assert!(!refusal(sly).1.contains("planted"));
        assert!(!refusal(r#"{"name":"a","expiresAt":"planted"}"#).1.contains("planted"));
    }

    fn address(peer: &str, forwarded: &[&[u8]]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
        }
        let address = client_address(peer.parse().unwrap(), &headers, &trusted);
        address.map_or_else(|| "none".to_owned(), |address| address.to_string())
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        assert_eq!(address("192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &[b"unknown"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("::ffff:10.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &[b"::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn the_nearest_untrusted_hop_counts_and_the_rest_may_be_forged() {
        assert_eq!(address("10.0.0.1", &[b"1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &[b"1.1.1.1", b"198.51.100.1"]), "198.51.100.1");
        for forged in [&b"unknown"[..], b"", b"\xff", b"10.0.0.9", b"_hidden", b"1.1.1.1"] {
            let list = [forged, b", 198.51.100.1"].concat();
            assert_eq!(address("10.0.0.1", &[&list]), "198.51.100.1", "{forged:?}");
            assert_eq!(address("10.0.0.1", &[forged, b"198.51.100.1"]), "198.51.100.1");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_address_and_never_the_proxys() {
        for odd in [
            &b""[..],
            b" ",
            b",",
            b"unknown",
            b"_hidden",
            b"a.b",
            b"\xff",
            b"198.51.100.1,",
            b"198.51.100.1, unknown",
            b"198.51.100.1, unknown, 10.0.0.2",
            b"198.51.100.1:99999",
            b"198.51.100",
            b"198.51.100.010",
            b"[198.51.100.1]",
            b"[[198.51.100.1]]",
            b"[2001:db8::1",
            b"2001:db8::1]",
            b"\"[2001:db8::1]\"",
            b"for=198.51.100.1",
            b"fe80::1%eth0",
            b"fe80::1%1",
            b"[fe80::1%1]:4711",
            b"unix:",
        ] {
            assert_eq!(address("10.0.0.1", &[odd]), "none", "{}", String::from_utf8_lossy(odd));
            assert_eq!(address("10.0.0.1", &[b"198.51.100.1", odd]), "none");
        }
    }

    #[test]
    fn a_proxy_that_speaks_for_itself_or_for_another_one_is_the_client() {
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("::ffff:10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(address("10.0.0.1", &[b"fd00::3", b"10.0.0.2"]), "fd00::3");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        assert_eq!(address("10.0.0.1", &[b"198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(address("fd00::1", &[b"[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(address("fd00::1", &[b"[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(address("fd00::1", &[b"\t2001:db8::1 "]), "2001:db8::1");
    }
}
