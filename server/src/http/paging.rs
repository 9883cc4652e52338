//! What all lists share: how many entries an answer has, where the next one begins, and what
//! is searched for. See "Lists" in the contract.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::page::MAX_LIMIT;
use keyward_api::queries::ListQuery;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::database::names::Names;
use crate::http::error::Error;

/// Longest text to search for, in characters.
pub const MAX_TEXT: usize = 255;

/// Longest cursor in bytes: a name of 64 characters, folded, in JSON and base64, has less.
const MAX_CURSOR: usize = 4096;

/// What is asked for.
pub fn names(query: &ListQuery) -> Result<Names, Error> {
    let after: Option<String> = query.cursor.as_deref().map(from_cursor).transpose()?;
    // No name has one, and PostgreSQL takes none of them as a text.
    if after.as_ref().is_some_and(|name| name.contains('\0')) {
        return Err(bad_cursor());
    }
    Ok(Names { limit: limit(query.limit.as_deref())?, after, q: text("q", query.q.as_deref())? })
}

/// Takes the entry out that only tells that there are more: the cursor of the next answer.
pub fn next<T>(
    data: &mut Vec<T>,
    limit: u64,
    name: impl Fn(&T) -> String,
) -> Result<Option<String>, Error> {
    let has_more = data.len() as u64 > limit;
    data.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    data.last().filter(|_| has_more).map(|last| to_cursor(&name(last))).transpose()
}

/// How many entries an answer has.
pub fn limit<T: From<u16>>(asked: Option<&str>) -> Result<T, Error> {
    let Some(text) = asked else { return Ok(MAX_LIMIT.into()) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    let message = || format!("Expected a number from 1 to {MAX_LIMIT}");
    limit.map(T::from).ok_or_else(|| Error::field("limit", message()))
}

/// A text to search for; an empty one searches for nothing.
pub fn text(name: &str, text: Option<&str>) -> Result<Option<String>, Error> {
    let text = text.filter(|text| !text.is_empty());
    let fits = |text: &str| text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    let message = "Expected at most 255 characters, none of them a control character";
    if text.is_none_or(fits) {
        Ok(text.map(str::to_owned))
    } else {
        Err(Error::field(name, message))
    }
}

/// Where the next answer begins, as a client gives it back.
pub fn to_cursor(position: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(position);
    let json = json.map_err(|error| Error::Internal(format!("no cursor: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Where an answer begins. Anything may stand in a cursor that a client made itself.
pub fn from_cursor<T: DeserializeOwned>(cursor: &str) -> Result<T, Error> {
    let json = Some(cursor).filter(|cursor| cursor.len() <= MAX_CURSOR);
    let json = json.and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok());
    json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(bad_cursor)
}

/// The refusal of a cursor.
pub fn bad_cursor() -> Error {
    Error::field("cursor", "Expected the nextCursor of an answer to the same list")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_anything_else_is_refused() {
        let cursor = to_cursor(&("name", 5, "\u{e4}")).unwrap();
        assert_eq!(from_cursor::<(String, i64, String)>(&cursor).unwrap().1, 5);
        for forged in ["", "x", "!", "bnVsbA", &cursor[1..], &"A".repeat(5_000)] {
            assert!(from_cursor::<(String, i64, String)>(forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_limit_is_a_number_from_1_to_1000() {
        assert_eq!(limit::<u64>(None).unwrap(), 1000);
        for good in ["1", "100", "1000"] {
            assert_eq!(limit::<u64>(Some(good)).unwrap().to_string(), good);
        }
        for bad in ["", "0", "1001", "-1", "1.0", "99999999999999999999", "ten"] {
            assert!(limit::<u64>(Some(bad)).is_err(), "{bad}");
        }
    }
}
