//! What handlers of the encryption ask for.

use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::roles::Role;

use crate::access::{Intent, Permission};

/// Seeing the data keys, never their bytes.
pub struct ReadEncryption;

impl Permission for ReadEncryption {
    const ROLE: Option<Role> = Some(Role::Admin);
}

/// Moving all values under a new data key.
pub struct RotateEncryption;

impl Permission for RotateEncryption {
    const ROLE: Option<Role> = Some(Role::Admin);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::EncryptionRotate)
    }
}
