//! Copies the descriptors of the official protos next to our code, so that JSON can be written by reflection.

use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // temporalio-protos publishes where its build left the descriptors (`links = "temporalio_protos"`).
    let from = env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH")?;
    let to = Path::new(&env::var("OUT_DIR")?).join("descriptors.bin");
    fs::copy(&from, to).map_err(|problem| format!("{from}: {problem}"))?;
    println!("cargo:rerun-if-changed={from}");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
