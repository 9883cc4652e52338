//! What handlers of accounts and invitations ask for.

use http::Method;
use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::paths;
use keyward_api::roles::Role;

use crate::access::{Intent, Permission};

/// Seeing, inviting, changing and deleting people. No key has it: who has it gives roles.
pub struct ManageUsers;

impl Permission for ManageUsers {
    const ROLE: Option<Role> = Some(Role::Admin);

    fn intent(parts: &Parts) -> Option<Intent> {
        let is_invitation = parts.uri.path().starts_with(paths::INVITATIONS);
        let action = match (&parts.method, is_invitation) {
            (&Method::POST, _) => Action::InvitationCreate,
            (&Method::DELETE, true) => Action::InvitationDelete,
            (&Method::DELETE, false) => Action::UserDelete,
            (&Method::PATCH, _) => Action::UserUpdate,
            _ => return None,
        };
        Intent::to(action)
    }
}
