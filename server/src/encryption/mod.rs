//! The root key. Nothing is encrypted with it yet; that it is there, and is a key, is
//! checked at every start, so that no installation ever ran without one.

pub mod kek;
