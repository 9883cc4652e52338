//! The program. Everything worth a test is in the library.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    keyward::cli::Cli::parse().run().await
}
