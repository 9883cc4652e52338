//! The part of Keyward that carries the security weight. It computes and compares; it does not
//! wait, listen or store, so that every rule here is tested without a database or a network.
//!
//! | module | what |
//! |---|---|
//! | [`token`], [`digest`] | what a key looks like, and what is stored of it |
//! | [`cache`], [`scan`] | all digests in memory, compared in constant time |
//! | [`networks`] | from which addresses a key is accepted |
//! | [`kek`], [`dek`] | the root key, and the keys it wraps |
//! | [`seal`], [`legacy`] | values under a data key, and those of the older layout |
//! | [`row`], [`set`] | macs of rows that carry authority, and of which rows there are |
//! | [`chain`] | the hash chain of the audit log |
//! | [`backup`] | the lines of a backup |
//! | [`watermark`] | what a machine has seen of a store, kept outside of it |
//! | [`lease`] | when no server accepts a revoked key any more |

#![warn(missing_docs)]

pub mod backup;
pub mod cache;
pub mod chain;
pub mod dek;
pub mod digest;
pub mod kek;
pub mod lease;
pub mod legacy;
pub mod networks;
pub mod row;
pub mod scan;
pub mod seal;
pub mod set;
pub mod token;
pub mod watermark;
#[cfg(test)]
mod wycheproof;
