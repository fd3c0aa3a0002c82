//! Files of our formats: written whole or not at all, and read with a word about what is wrong with them.

use crate::recorder;
use resurgam_campaign::results::hex;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file that cannot be written or read: which, and why not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses.
    #[error("{}: {why}", path.display())]
    System {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It does not hold what it should.
    #[error("{}: {why}", path.display())]
    Content {
        /// The file that it is about.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
}

impl Error {
    pub(crate) fn system(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |why| Self::System { path, why }
    }

    pub(crate) fn content(path: &Path, why: &impl ToString) -> Self {
        Self::Content { path: path.to_owned(), why: why.to_string() }
    }
}

/// Writes a file so that it is there whole, or as it was before: beside it first, then under its name.
///
/// # Errors
/// [`Error::System`]; what was written of it is taken away again.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    written.map_err(|why| {
        // The disk may be full: leave nothing that helps nobody.
        let _ = fs::remove_file(&beside);
        Error::system(path)(why)
    })
}

/// A value as it stands in its file.
pub(crate) fn pretty(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("our formats have no keys or numbers that JSON cannot hold");
    text.push(b'\n');
    text
}

/// A value from its file.
pub(crate) fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(Error::system(path))?;
    serde_json::from_slice(&bytes).map_err(|why| Error::content(path, &why))
}

/// The hash of a file by which `case.json` names it.
pub(crate) fn hashed(bytes: &[u8]) -> String {
    hex(recorder::hash(bytes))
}
