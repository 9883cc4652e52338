//! What handlers of the overview ask for.

use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::roles::Role;

use crate::access::{Intent, Permission};

pub struct ReadOverview;

impl Permission for ReadOverview {
    const ROLE: Option<Role> = Some(Role::Viewer);
}

pub struct KeepRootKey;

impl Permission for KeepRootKey {
    const ROLE: Option<Role> = Some(Role::Admin);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::EncryptionKeep)
    }
}
