//! The program. Everything worth a test is in the library.

use std::process::ExitCode;

/// Rows come from a thread of the database and go away in another: with the allocator of
/// glibc, loading a million keys takes half as long again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    keyward::cli::run().await
}
