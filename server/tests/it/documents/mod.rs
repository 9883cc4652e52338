//! What the documents show, run as it stands there.

mod examples;
mod snippets;
