//! The root key, data keys and their rotation.

mod rotation;
mod unlock;
