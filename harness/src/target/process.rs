//! A process that we start and always take away, with its log in a directory of its own, and the ports for it.

use super::child::Child;
use super::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};
use tempfile::TempDir;

/// The file of its log, in its directory.
pub(super) const LOG: &str = "server.log";
/// The file of its process id, if the process that we start is not the server itself.
pub(super) const PID: &str = "pid";
/// How many lines of the log are shown.
pub(super) const LINES: usize = 20;
/// Longest line of a log that is shown, in characters; some hold a whole stack trace.
const WIDE: usize = 300;
/// How often a server is started, at most, when another process was faster to take the port that was free.
pub(super) const ATTEMPTS: u32 = 3;

/// The process that we start, and the directory of its server.
#[derive(Debug)]
pub(super) struct Process {
    /// The process itself.
    pub(super) child: Child,
    /// Where its server keeps its files.
    pub(super) directory: TempDir,
}

impl Process {
    /// Starts a program that ends when its standard input does.
    pub(super) fn spawn(command: &mut Command, directory: TempDir) -> Result<Self, Error> {
        Ok(Self { child: Child::spawn(command)?, directory })
    }

    /// A new directory for a server, in the system's place for temporary files unless another one is named.
    pub(super) fn directory(name: &str, parent: Option<&Path>) -> Result<TempDir, Error> {
        let mut builder = tempfile::Builder::new();
        let prefix = format!("resurgam-{name}-");
        let builder = builder.prefix(&prefix);
        let made = parent.map_or_else(|| builder.tempdir(), |parent| builder.tempdir_in(parent));
        made.map_err(|e| Error::System("no directory for the server", e))
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.ended()
    }

    /// The last lines of its log.
    pub(super) fn log(&self) -> String {
        end_of(&self.directory.path().join(LOG))
    }
}

/// Whether a log says that somebody has taken the port.
pub(super) fn is_taken(log: &str) -> bool {
    log.to_lowercase().contains("address already in use")
}

/// The last lines of a log.
pub(super) fn end_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    last.iter().map(|line| line.get(..WIDE).unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// The first of so many ports in a row that nobody listens on.
pub(super) fn free(count: u16) -> std::io::Result<u16> {
    let mut last = std::io::Error::other("ports are used up");
    for _ in 0..20 {
        let first = std::net::TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        let rest = (1..count).map(|n| std::net::TcpListener::bind(("127.0.0.1", port.saturating_add(n))));
        match rest.collect::<std::io::Result<Vec<_>>>() {
            Ok(_) => return Ok(port),
            Err(problem) => last = problem,
        }
    }
    Err(last)
}
