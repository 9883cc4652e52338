//! What handlers of the servers ask for.

use keyward_api::roles::Role;

use crate::access::Permission;

/// Seeing the servers of the store.
pub struct ReadReplicas;

impl Permission for ReadReplicas {
    const ROLE: Option<Role> = Some(Role::Admin);
}
