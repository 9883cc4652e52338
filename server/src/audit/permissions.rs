//! What handlers of the audit log ask for.

use crate::access::Permission;

pub struct ReadAudit;

impl Permission for ReadAudit {}
