//! What handlers of the audit log ask for.

use crate::access::Permission;

/// Reading, checking and exporting the log.
pub struct ReadAudit;

impl Permission for ReadAudit {}
