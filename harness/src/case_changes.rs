//! Whether the files of a case are those with which its `case.json` was written: it names each of them by its hash.
//!
//! Whoever shows or executes a case says so first, for then what `case.json` says of it is said of something else.

use crate::case_directory::{CaseDirectory, PLAN, VERDICT};
use crate::file::{Error, hashed};
use resurgam_formats::case::Case;
use resurgam_formats::wire;
use std::fs::{self, File};
use std::path::Path;

impl CaseDirectory {
    /// Which of the files beside `case.json` are not those with which it was written: a line for each, for people. What it says
    /// no hash of is not looked at.
    ///
    /// # Errors
    /// [`Error`].
    pub fn changed(&self, case: &Case) -> Result<Vec<String>, Error> {
        let recording = self.recording();
        let files = [
            (self.path().join(PLAN), case.plan_hash.as_ref()),
            (recording, Some(&case.recording_hash)),
            (self.path().join(VERDICT), case.verdict_hash.as_ref()),
        ];
        let mut lines = Vec::new();
        for (path, hash) in files {
            let Some(hash) = hash else { continue };
            let shown = path.display();
            if !path.exists() {
                lines.push(format!("{shown}: is missing, and was there when case.json was written"));
            } else if hashed(&unpacked(&path)?) != *hash {
                lines.push(format!("{shown}: was changed after case.json was written"));
            }
        }
        Ok(lines)
    }
}

/// The bytes of a file, uncompressed.
fn unpacked(path: &Path) -> Result<Vec<u8>, Error> {
    if path.extension().is_none_or(|extension| extension != "gz") {
        return fs::read(path).map_err(Error::system(path));
    }
    let file = File::open(path).map_err(Error::system(path))?;
    let text = wire::text(&path.display().to_string(), file, wire::MAX_BYTES);
    text.map(String::into_bytes).map_err(|problem| Error::content(path, &problem.0))
}
