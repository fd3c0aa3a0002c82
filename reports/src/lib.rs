//! From verdicts to what a person or a machine reads: a page, JUnit XML, JSON, the terminal.
//!
//! Nothing is judged here, and nothing is printed or written to disk: every renderer gives a `String`.

pub mod campaign;
pub mod checked;
pub mod clock;
pub mod command;
pub mod comparison;
pub mod difference;
pub mod explained;
pub mod html;
pub mod json;
pub mod junit;
pub mod merged;
pub mod paint;
pub mod processes;
pub mod terminal;
pub mod text;
pub mod timeline;
pub mod verdict;

mod heat;
mod layout;
#[cfg(test)]
mod sample;

pub use html::{CaseView, Page, Shrunk, render};

/// Why something could not be rendered or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A bug in a template.
    #[error("the page cannot be rendered: {0:#}")]
    Template(#[from] minijinja::Error),
    /// A value that JSON cannot hold.
    #[error("the summary cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// A text that XML cannot hold.
    #[error("junit.xml: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}
