//! Members of a change that may be absent, and mean something else when they are `null`.

use serde::{Deserialize, Deserializer};

/// `null` is not the same as absent: a member without a null value refuses it.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Absent, `null` and a value are three things; serde alone tells two of them apart.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}
