//! What handlers of the audit log ask for.

use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::roles::Role;
use keyward_api::scopes::{self, KnownScope};

use crate::access::{Intent, Permission};

pub struct ReadAudit;

impl Permission for ReadAudit {
    const ROLE: Option<Role> = Some(Role::Viewer);
    const SCOPE: Option<KnownScope> = Some(scopes::AUDIT_READ);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::AuditRead)
    }
}
