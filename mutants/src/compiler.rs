//! Builds the copy, and reads what the compiler has against it.

use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An error of the compiler, as cargo tells it.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// The places that it names, what it is about first.
    pub(crate) places: Vec<Place>,
    /// What it says.
    pub(crate) message: String,
}

/// A place that an error names.
#[derive(Debug)]
pub(crate) struct Place {
    /// The file, by its path from the root of the workspace.
    pub(crate) file: String,
    /// The bytes of it.
    pub(crate) at: Range<usize>,
}

/// A line that cargo prints for machines.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        message: Message,
    },
    CompilerArtifact {
        executable: Option<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    message: String,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
}

/// Builds the program of a workspace, optimised; gives its path, or what is wrong with the sources.
///
/// # Errors
/// There is no cargo, or it fails for something else than an error at a place.
pub(crate) fn build(workspace: &Path, target: &Path, program: &str) -> Result<Result<PathBuf, Vec<Complaint>>, String> {
    let output = Command::new("cargo")
        .args(["build", "--release", "--offline", "--quiet", "--message-format", "json", "--bin", program])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", target)
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("cargo: {why}"))?;
    let (mut complaints, mut built) = (Vec::new(), None);
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(Line::CompilerMessage { message }) if message.level == "error" => {
                let Message { message, mut spans, .. } = message;
                spans.sort_by_key(|span| !span.is_primary);
                let places = spans.into_iter().map(|span| Place {
                    file: span.file_name,
                    at: span.byte_start..span.byte_end.max(span.byte_start + 1),
                });
                let places: Vec<Place> = places.collect();
                // The last word of a failed build, that there were errors, has no place.
                if !places.is_empty() {
                    complaints.push(Complaint { places, message });
                }
            }
            Ok(Line::CompilerArtifact { executable: Some(path) })
                if path.file_stem().is_some_and(|stem| stem == program) =>
            {
                built = Some(path);
            }
            _ => {}
        }
    }
    match built {
        Some(path) if output.status.success() => Ok(Ok(path)),
        _ if !complaints.is_empty() => Ok(Err(complaints)),
        _ => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("cargo says nothing").to_owned()),
    }
}
