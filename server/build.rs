//! Builds the page into the program.

#![expect(clippy::disallowed_macros, reason = "prints for cargo")]

use std::path::Path;
use std::process::exit;

const PAGE: &str = "../frontend/dist";

fn main() {
    println!("cargo::rerun-if-changed={PAGE}");
    if !Path::new(PAGE).join("index.html").is_file() {
        println!("cargo::error=frontend/dist has no page yet: run `make page` first");
        exit(1);
    }
    memory_serve::load_directory(PAGE);
}
