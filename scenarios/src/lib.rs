//! Committed evidence: recordings of random cases on the real Temporal server, made by `scenarios/record`.
//!
//! No machinery: this crate hands out evidence, and its tests hold the judge to it.

pub mod bugs;
pub mod written;

use resurgam_formats::evidence::Evidence;
use resurgam_formats::wire;
use std::path::{Path, PathBuf};

/// A committed recording.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The name of its file.
    pub name: String,
    /// What it says.
    pub evidence: Evidence,
}

/// The directory of the committed recordings.
#[must_use]
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// All committed recordings, in order of name.
///
/// # Errors
/// One line that names the file that cannot be read.
pub fn fixtures() -> Result<Vec<Fixture>, String> {
    let entries = std::fs::read_dir(directory()).map_err(|e| format!("{}: {e}", directory().display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    paths.iter().map(|path| fixture(path)).collect()
}

fn fixture(path: &Path) -> Result<Fixture, String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = std::fs::File::open(path).map_err(|e| format!("{name}: {e}"))?;
    let document = wire::read(&name, file, wire::MAX_BYTES).map_err(|e| e.to_string())?;
    Ok(Fixture { name, evidence: document.evidence })
}
