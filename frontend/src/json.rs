//! Reads an answer that the browser has parsed into the types of `keyward-api`. A parser of our
//! own would be downloaded on top of the one that every browser has.
//!
//! | JSON | type |
//! |---|---|
//! | text | `String`, types that read themselves from text (times, ids, names), enums without data |
//! | whole number from 0 to 2^53 - 1 | `u8`, `u16`, `u32`, `u64`, `i64` |
//! | `true`, `false` | `bool` |
//! | list | `Vec` |
//! | object | structs with named fields; members that the type lacks are skipped |
//! | `null`, or no such member | `Option` |
//! | any of these | structs with one unnamed field |
//!
//! Everything else is refused as a [`Mismatch`], never misread: other numbers, maps, tuples, enums
//! with data, tags, `flatten`, `untagged` other than text. `alias` would shift the numbers by
//! which serde knows fields; a test finds it.

mod value;

use serde::Deserializer;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use wasm_bindgen::JsValue;

use crate::json::value::Value;

/// JavaScript has one type of number: above this, neighbours look the same.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// The answer does not have the shape of the type. Nobody reads why: the server is at fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch;

pub struct Json<V = JsValue>(pub V);

impl<V: Value> Json<V> {
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Mismatch> {
        T::deserialize(self)
    }

    /// `undefined` when there is no such member.
    pub fn member(&self, name: &str) -> Self {
        Self(self.0.member(name))
    }

    /// Whether it is a list without an item.
    pub fn is_empty_list(&self) -> bool {
        self.0.length() == Some(0)
    }

    /// Whether it is `{}` with or without members.
    pub fn is_object(&self) -> bool {
        self.0.is_object()
    }

    /// The first items of a list, at most `most`.
    pub fn items(&self, most: u32) -> impl Iterator<Item = Self> {
        let length = self.0.length().unwrap_or_default();
        (0..length.min(most)).map(|index| Self(self.0.item(index)))
    }

    pub fn text(&self) -> Result<String, Mismatch> {
        self.0.text().ok_or(Mismatch)
    }

    pub fn boolean(&self) -> Result<bool, Mismatch> {
        self.0.boolean().ok_or(Mismatch)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    pub fn number(&self) -> Result<u64, Mismatch> {
        let number = self.0.number().ok_or(Mismatch)?;
        let is_whole = (0.0..=LARGEST).contains(&number) && number.fract() == 0.0;
        if is_whole { Ok(number as u64) } else { Err(Mismatch) }
    }
}

macro_rules! read_as {
    ($($name:ident $visit:ident $get:ident)*) => {$(
        fn $name<R: Visitor<'de>>(self, visitor: R) -> Result<R::Value, Mismatch> {
            visitor.$visit(self.$get()?)
        }
    )*};
}

impl<'de, V: Value> Deserializer<'de> for Json<V> {
    type Error = Mismatch;

    read_as! {
        deserialize_str visit_string text
        deserialize_string visit_string text
        deserialize_any visit_string text
        deserialize_u8 visit_u64 number
        deserialize_u16 visit_u64 number
        deserialize_u32 visit_u64 number
        deserialize_u64 visit_u64 number
        deserialize_i64 visit_u64 number
        deserialize_bool visit_bool boolean
    }

    fn deserialize_option<R: Visitor<'de>>(self, visitor: R) -> Result<R::Value, Mismatch> {
        if self.0.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<R: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: R,
    ) -> Result<R::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<R: Visitor<'de>>(self, visitor: R) -> Result<R::Value, Mismatch> {
        let length = self.0.length().ok_or(Mismatch)?;
        visitor.visit_seq(Items { list: self.0, length, next: 0 })
    }

    fn deserialize_struct<R: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: R,
    ) -> Result<R::Value, Mismatch> {
        if !self.0.is_object() {
            return Err(Mismatch);
        }
        visitor.visit_map(Members { object: self, fields, next: 0, value: None })
    }

    fn deserialize_enum<R: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: R,
    ) -> Result<R::Value, Mismatch> {
        let text = self.text()?;
        let index = variants.iter().position(|variant| *variant == text).ok_or(Mismatch)?;
        visitor.visit_enum(position(index))
    }

    serde::forward_to_deserialize_any! {
        <R: Visitor<'de>>
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct map identifier ignored_any
    }
}

/// Serde knows fields and variants by their number as well as by their name.
fn position(index: usize) -> U32Deserializer<Mismatch> {
    u32::try_from(index).unwrap_or(u32::MAX).into_deserializer()
}

struct Items<V> {
    list: V,
    length: u32,
    next: u32,
}

impl<'de, V: Value> de::SeqAccess<'de> for Items<V> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        if self.next >= self.length {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Json(self.list.item(self.next - 1))).map(Some)
    }
}

/// The members that both the type and the object have.
struct Members<V> {
    object: Json<V>,
    fields: &'static [&'static str],
    next: usize,
    value: Option<V>,
}

impl<V: Value> Members<V> {
    fn advance(&mut self) -> Option<usize> {
        while let Some(field) = self.fields.get(self.next) {
            self.next += 1;
            let value = self.object.member(field).0;
            if !value.is_missing() {
                self.value = Some(value);
                return Some(self.next - 1);
            }
        }
        None
    }
}

impl<'de, V: Value> de::MapAccess<'de> for Members<V> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        self.advance().map(|index| seed.deserialize(position(index))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        seed.deserialize(Json(self.value.take().ok_or(Mismatch)?))
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not the shape of the type")
    }
}

impl std::error::Error for Mismatch {}

// The defaults would write sentences that nobody reads.
impl de::Error for Mismatch {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use keyward_api::encryption::DataKeyState;
    use keyward_api::keys::ApiKey;
    use serde::Deserialize;
    use serde_json::json;
    use time::macros::datetime;

    use super::value::tests::Parsed;
    use super::*;

    fn read<T: DeserializeOwned>(json: serde_json::Value) -> Result<T, Mismatch> {
        Json(Parsed(Some(json))).read()
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        full_name: String,
        count: u32,
        #[serde(default)]
        is_new: bool,
        note: Option<String>,
        parts: Vec<Id>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Id(u64);

    #[test]
    fn text_whole_numbers_and_truth_are_read() {
        assert_eq!(read::<String>(json!("a\u{20ac}")).as_deref(), Ok("a\u{20ac}"));
        assert_eq!(read::<u8>(json!(255)), Ok(255));
        assert_eq!(read::<u8>(json!(256)), Err(Mismatch));
        assert_eq!(read::<u16>(json!(65_535)), Ok(65_535));
        assert_eq!(read::<u32>(json!(0)), Ok(0));
        assert_eq!(read::<u64>(json!(9_007_199_254_740_991_u64)), Ok(9_007_199_254_740_991));
        assert_eq!(read::<i64>(json!(9_007_199_254_740_991_u64)), Ok(9_007_199_254_740_991));
        assert_eq!(read::<bool>(json!(false)), Ok(false));
        assert_eq!(read::<DataKeyState>(json!("retired")), Ok(DataKeyState::Retired));
    }

    #[test]
    fn objects_and_lists_are_read_and_unknown_members_skipped() {
        let row =
            json!({"fullName": "a", "count": 2, "note": null, "parts": [1, 2], "new": {"x": []}});
        let parts = vec![Id(1), Id(2)];
        let expected = Row { full_name: "a".to_owned(), count: 2, parts, ..Row::default() };
        assert_eq!(read::<Row>(row), Ok(expected));
        let row = json!({"parts": [], "isNew": true, "note": "n", "count": 0, "fullName": ""});
        let expected = Row { is_new: true, note: Some("n".to_owned()), ..Row::default() };
        assert_eq!(read::<Vec<Row>>(json!([row])), Ok(vec![expected]));
        assert_eq!(read::<Option<Row>>(json!(null)), Ok(None));
    }

    #[test]
    fn a_key_is_read_as_the_server_writes_it() {
        let key = crate::keys::status::tests::key("a");
        let key = ApiKey { expires_at: Some(datetime!(2026-11-22 12:00:00.123 UTC)), ..key };
        assert_eq!(read::<ApiKey>(serde_json::to_value(&key).unwrap()), Ok(key));
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let row = |member: &str, value: serde_json::Value| {
            let mut row = json!({"fullName": "a", "count": 2, "parts": []});
            row[member] = value;
            read::<Row>(row)
        };
        assert!(row("note", json!("n")).is_ok());
        for (member, value) in [
            ("fullName", json!(null)),
            ("fullName", json!(1)),
            ("count", json!("1")),
            ("isNew", json!(1)),
            ("isNew", json!(null)),
            ("note", json!(1)),
            ("parts", json!({"0": 1, "length": 1})),
            ("parts", json!([null])),
        ] {
            assert_eq!(row(member, value.clone()), Err(Mismatch), "{member}: {value}");
        }
        assert_eq!(read::<Row>(json!({"fullName": "a", "parts": []})), Err(Mismatch));
        assert_eq!(read::<DataKeyState>(json!("lost")), Err(Mismatch));
    }

    #[test]
    fn a_list_is_no_object_and_an_object_no_list() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Loose {
            note: Option<String>,
        }
        assert_eq!(read::<Loose>(json!({})), Ok(Loose { note: None }));
        for other in [json!([]), json!("a"), json!(null), json!(1)] {
            assert_eq!(read::<Loose>(other.clone()), Err(Mismatch), "{other}");
        }
        for other in [json!({}), json!("a"), json!(null), json!(1)] {
            assert_eq!(read::<Vec<Id>>(other.clone()), Err(Mismatch), "{other}");
        }
    }

    #[test]
    fn a_number_that_is_negative_broken_or_inexact_is_refused() {
        for number in [json!(-1), json!(0.5), json!(9_007_199_254_740_992_u64), json!(1e300)] {
            assert_eq!(read::<u64>(number.clone()), Err(Mismatch), "{number}");
            assert_eq!(read::<i64>(number.clone()), Err(Mismatch), "{number}");
        }
        assert_eq!(read::<u16>(json!(65_536)), Err(Mismatch));
        assert_eq!(read::<u32>(json!(4_294_967_296_u64)), Err(Mismatch));
    }

    #[test]
    fn shapes_that_no_answer_has_are_refused() {
        use std::collections::BTreeMap;

        #[derive(Debug, PartialEq, Deserialize)]
        enum WithData {
            One(u32),
            None,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(tag = "type")]
        enum Tagged {
            One { of: u32 },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(untagged)]
        enum Untagged {
            Number(u32),
            Text(String),
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Flat {
            #[serde(flatten)]
            id: Inner,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Inner {
            of: u32,
        }
        assert_eq!(read::<WithData>(json!({"One": 1})), Err(Mismatch));
        assert_eq!(read::<WithData>(json!("One")), Err(Mismatch));
        assert_eq!(read::<WithData>(json!("None")), Ok(WithData::None));
        assert_eq!(read::<Tagged>(json!({"type": "One", "of": 1})), Err(Mismatch));
        assert_eq!(read::<Untagged>(json!(1)), Err(Mismatch));
        assert_eq!(read::<Untagged>(json!("1")), Ok(Untagged::Text("1".to_owned())));
        assert_eq!(read::<Flat>(json!({"of": 1})), Err(Mismatch));
        assert_eq!(read::<BTreeMap<String, u32>>(json!({"a": 1})), Err(Mismatch));
        assert_eq!(read::<(u32, u32)>(json!([1, 2])), Err(Mismatch));
        for number in [json!(1), json!(-1), json!(1.5)] {
            assert_eq!(read::<i32>(number.clone()), Err(Mismatch), "{number}");
            assert_eq!(read::<f64>(number.clone()), Err(Mismatch), "{number}");
            assert_eq!(read::<i8>(number.clone()), Err(Mismatch), "{number}");
        }
        assert_eq!(read::<()>(json!(null)), Err(Mismatch));
    }

    #[test]
    fn no_type_of_the_api_has_an_alias() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/api/src");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let text = std::fs::read_to_string(&path).unwrap();
                let has_alias = text.contains("alias =");
                assert!(!has_alias, "{} would be misread", path.display());
                files += 1;
            }
        }
        assert!(files > 5);
    }
}
