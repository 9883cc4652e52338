//! What handlers of the encryption ask for.

use crate::access::Permission;

/// Seeing the data keys, never their bytes.
pub struct ReadEncryption;

impl Permission for ReadEncryption {}

/// Moving all values under a new data key.
pub struct RotateEncryption;

impl Permission for RotateEncryption {}
