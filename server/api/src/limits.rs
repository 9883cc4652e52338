//! How often a key is accepted, and how long a key that was replaced still is.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number in a range. What is not one is refused with a sentence that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

/// From none at all to 7 days.
pub type GraceSeconds = Whole<0, 604_800>;
/// Requests in a window.
pub type Requests = Whole<1, 1_000_000>;
/// From a second to a day.
pub type WindowSeconds = Whole<1, 86_400>;

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// The number, if it is in the range.
    pub fn new(number: u32) -> Option<Self> {
        (MIN..=MAX).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Reads digits, as they stand in a field of a form.
impl<const MIN: u32, const MAX: u32> TryFrom<String> for Whole<MIN, MAX> {
    type Error = NotWhole<MIN, MAX>;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.trim().parse().ok().and_then(Self::new).ok_or(NotWhole)
    }
}

/// Not a whole number in the range. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWhole<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> fmt::Display for NotWhole<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expected a whole number from {MIN} to {MAX}")
    }
}

impl<const MIN: u32, const MAX: u32> std::error::Error for NotWhole<MIN, MAX> {}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_u64(WholeVisitor)
    }
}

struct WholeVisitor<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> Visitor<'_> for WholeVisitor<MIN, MAX> {
    type Value = Whole<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        let number = u32::try_from(number).ok().and_then(Whole::new);
        number.ok_or_else(|| E::custom(NotWhole::<MIN, MAX>))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(E::custom(NotWhole::<MIN, MAX>))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(NotWhole::<MIN, MAX>))
    }
}

#[cfg(feature = "openapi")]
impl<const MIN: u32, const MAX: u32> utoipa::PartialSchema for Whole<MIN, MAX> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::Integer)
            .minimum(Some(MIN))
            .maximum(Some(MAX))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl<const MIN: u32, const MAX: u32> utoipa::ToSchema for Whole<MIN, MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("WholeNumberFrom{MIN}To{MAX}").into()
    }
}

/// At most so many requests in a window: that many at once, and then one more for each
/// share of the window that goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateLimit {
    /// How many requests are accepted.
    pub requests: Requests,
    /// In how many seconds.
    pub window_seconds: WindowSeconds,
}

/// A network in CIDR notation, or an address, as the OpenAPI document describes it.
#[cfg(feature = "openapi")]
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = "network", min_length = 2, max_length = 64, examples("10.0.0.0/8"))]
pub struct Network(
    /// The text.
    pub String,
);

#[cfg(test)]
mod tests {
    use super::*;

    fn grace(json: &str) -> Result<u32, String> {
        let read = serde_json::from_str::<GraceSeconds>(json);
        read.map(GraceSeconds::get).map_err(|error| error.to_string())
    }

    #[test]
    fn a_grace_is_a_whole_number_of_seconds_up_to_7_days() {
        assert_eq!(grace("0"), Ok(0));
        assert_eq!(grace("604800"), Ok(604_800));
        for json in [
            "604801",
            "-1",
            "-0",
            "1.5",
            "3600.0",
            "1e3",
            "1e400",
            "4294967296",
            "18446744073709551616",
        ] {
            let error = grace(json).unwrap_err();
            // The longest one is no number for serde_json itself.
            assert!(error.contains("whole number from 0 to 604800") || json == "1e400", "{error}");
        }
    }

    #[test]
    fn what_is_no_number_says_what_was_expected() {
        for json in ["\"60\"", "true", "[]", "{}"] {
            assert!(grace(json).unwrap_err().contains("expected a whole number"), "{json}");
        }
    }

    #[test]
    fn a_field_of_a_form_reads_as_json_does() {
        let read = |text: &str| Requests::try_from(text.to_owned()).map(Requests::get).ok();
        assert_eq!(read(" 100 "), Some(100));
        for text in ["", "0", "1000001", "-1", "1.5", "ten"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
