//! The catalogue of planted bugs: where each is known from, and what is expected to find it.
//!
//! The expectation was written before the bug was run; what found it is in the documentation. The switches themselves are
//! in our orchestrator (`orchestrator/src/planted.rs`); a test says that the two agree.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One planted bug.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// The name of its switch.
    pub name: String,
    /// A real issue in which it is known, such as `temporal#706`; empty if there is none.
    #[serde(default)]
    pub issue: String,
    /// What is wrong, in one sentence.
    pub title: String,
    /// The rules of which at least one is expected to be violated, by their ids without slug.
    pub predicted: Vec<String>,
    /// Only a large case can show it, as `resurgam run --large` has them.
    #[serde(default)]
    pub large: bool,
}

impl Planted {
    /// The file of a small plan that shows it, written by `resurgam bugs --shrink SECONDS --out scenarios/witnesses`.
    #[must_use]
    pub fn witness(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("witnesses").join(format!("{}.json", self.name))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bug: Vec<Planted>,
}

/// The catalogue, in its order.
///
/// # Errors
/// The place in `scenarios/bugs.toml` that cannot be understood.
pub fn bugs() -> Result<Vec<Planted>, toml::de::Error> {
    Ok(toml::from_str::<File>(include_str!("../bugs.toml"))?.bug)
}
