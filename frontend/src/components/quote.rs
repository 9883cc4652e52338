//! Names inside sentences.

/// A name in quotation marks.
pub fn quoted(name: &str) -> String {
    format!("\u{201c}{name}\u{201d}")
}
