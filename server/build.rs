//! Builds the page into the program.

#![expect(clippy::disallowed_macros, reason = "prints for cargo")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const PAGE: &str = "../frontend/dist";

/// What a debug build serves before the page was built, so that `cargo check` and editors work in a
/// fresh clone.
const STAND_IN: &str = "<!doctype html><title>Keyward</title>\
    <p>This debug build has no page: run <code>make page</code> and build again.</p>\n";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PAGE}");
    if Path::new(PAGE).join("index.html").is_file() {
        memory_serve::load_directory(PAGE);
    } else if env::var("PROFILE")? == "debug" {
        let folder = PathBuf::from(env::var("OUT_DIR")?).join("stand-in");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("index.html"), STAND_IN)?;
        memory_serve::load_directory(folder);
    } else {
        println!("cargo::error=frontend/dist has no page yet: run `make page` first");
    }
    Ok(())
}
