//! Members of a change that may be absent, and mean something else when they are `null`.

use serde::{Deserialize, Deserializer};

/// `null` is not the same as absent: a member without a null value refuses it.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
