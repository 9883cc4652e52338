//! Reads an answer that the browser has parsed into the types of `keyward-api`. A parser
//! of our own would be downloaded on top of the one that every browser has.

use js_sys::{Array, Reflect};
use serde::Deserializer;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use wasm_bindgen::JsValue;

/// The answer does not have the shape of the type. Nobody reads why: the server is at fault.
#[derive(Debug)]
pub struct Mismatch;

pub struct Json(pub JsValue);

impl Json {
    /// Reads all of it.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Mismatch> {
        T::deserialize(self)
    }

    /// `undefined` when there is no such member.
    pub fn member(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED))
    }

    /// Whether it is a list without an item.
    pub fn is_empty_list(&self) -> bool {
        Array::is_array(&self.0) && Array::from(&self.0).length() == 0
    }

    /// The first items of a list, at most `most`.
    pub fn items(&self, most: u32) -> impl Iterator<Item = Self> {
        let list = if Array::is_array(&self.0) { Array::from(&self.0) } else { Array::new() };
        (0..list.length().min(most)).map(move |n| Self(list.get(n)))
    }

    fn is_absent(&self) -> bool {
        self.0.is_null() || self.0.is_undefined()
    }

    pub fn text(&self) -> Result<String, Mismatch> {
        self.0.as_string().ok_or(Mismatch)
    }

    /// A number. Those of the contract are whole, and below 2^53.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    pub fn number(&self) -> Result<u64, Mismatch> {
        let number = self.0.as_f64().ok_or(Mismatch)?;
        if number >= 0.0 && number.fract() == 0.0 { Ok(number as u64) } else { Err(Mismatch) }
    }
}

macro_rules! read_as {
    ($($name:ident $visit:ident $get:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            visitor.$visit(self.$get()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Json {
    type Error = Mismatch;

    read_as! {
        deserialize_str visit_string text
        deserialize_string visit_string text
        deserialize_any visit_string text
        deserialize_u16 visit_u64 number
        deserialize_u32 visit_u64 number
        deserialize_u64 visit_u64 number
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_bool(self.0.as_bool().ok_or(Mismatch)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if !Array::is_array(&self.0) {
            return Err(Mismatch);
        }
        visitor.visit_seq(Items { list: Array::from(&self.0), next: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if !self.0.is_object() {
            return Err(Mismatch);
        }
        visitor.visit_map(Members { object: self, fields, next: 0, value: JsValue::UNDEFINED })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let text = self.text()?;
        let index = variants.iter().position(|variant| *variant == text).ok_or(Mismatch)?;
        visitor.visit_enum(position(index))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct map identifier ignored_any
    }
}

/// Serde's own types know their members and variants by number, too.
fn position(index: usize) -> U32Deserializer<Mismatch> {
    u32::try_from(index).unwrap_or(u32::MAX).into_deserializer()
}

struct Items {
    list: Array,
    next: u32,
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        if self.next >= self.list.length() {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Json(self.list.get(self.next - 1))).map(Some)
    }
}

/// The members that the type knows, and of those the ones that are there.
struct Members {
    object: Json,
    fields: &'static [&'static str],
    next: usize,
    value: JsValue,
}

impl Members {
    fn advance(&mut self) -> Option<usize> {
        while let Some(field) = self.fields.get(self.next) {
            self.next += 1;
            self.value = self.object.member(field).0;
            if !self.value.is_undefined() {
                return Some(self.next - 1);
            }
        }
        None
    }
}

impl<'de> de::MapAccess<'de> for Members {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        self.advance().map(|index| seed.deserialize(position(index))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        seed.deserialize(Json(std::mem::take(&mut self.value)))
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not the shape of the type")
    }
}

impl std::error::Error for Mismatch {}

// Each of these has a default that writes a sentence nobody would read.
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
