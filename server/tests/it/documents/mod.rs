//! What the documents show, run as it stands there.

mod automation;
mod examples;
mod snippets;
