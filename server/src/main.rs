//! The program. Everything worth a test is in the library.

use std::process::ExitCode;

/// Rows come from a thread of the database and go away in another, where glibc's allocator takes
/// locks. With the feature `override`, SQLite uses this one as well; without, loading a million
/// keys takes a third longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    keyward::cli::run().await
}
