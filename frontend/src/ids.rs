//! Ids of elements.

use std::sync::atomic::{AtomicU32, Ordering};

/// Unique among the elements of the page.
pub fn unique_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("f{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
