//! By how many servers a limit is shared.
//!
//! Each counts for itself. So that six of them do not let six times as much pass, each grants its
//! share, rounded up. Who asks one of them alone has less than the limit; nobody has much more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many servers a limit is shared by; at least one. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Servers(Arc<AtomicU32>);

impl Default for Servers {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(1)))
    }
}

impl Servers {
    /// From now on.
    pub fn set(&self, number: u32) {
        self.0.store(number.max(1), Ordering::Relaxed);
    }

    /// At the moment.
    pub fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
