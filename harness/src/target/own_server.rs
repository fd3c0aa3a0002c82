//! The orchestrator of this repository as a process, which ends when its standard input does.

use super::error::Error;
use super::process::{LOG, Process, free};
use super::started::Started;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long it may take until its namespace is usable.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts `program server` with so many nodes, in memory, and waits until its namespace is usable.
///
/// # Errors
/// It cannot be started, ends early, or does not get ready in time: then with the end of its log.
pub async fn start(program: &Path, nodes: u16) -> Result<Started, Error> {
    served(program, &["server"], nodes).await
}

/// The same of the program that is nothing but the server, `resurgam-server`, with more options of it.
///
/// # Errors
/// As [`start`].
pub async fn start_released(program: &Path, more: &[&str], nodes: u16) -> Result<Started, Error> {
    served(program, more, nodes).await
}

/// The same with a planted bug, of the name that it has in the catalogue.
///
/// # Errors
/// As [`start`]; there is no such bug.
pub async fn start_planted(program: &Path, bug: &str) -> Result<Started, Error> {
    served(program, &["planted-server", "--bug", bug], 1).await
}

async fn served(program: &Path, command: &[&str], nodes: u16) -> Result<Started, Error> {
    Started::start("builtin", PATIENCE, || {
        let port = free(nodes).map_err(|e| Error::System("no free port", e))?;
        Ok((format!("http://127.0.0.1:{port}"), spawn(program, command, port, nodes)?))
    })
    .await
}

fn spawn(program: &Path, served: &[&str], port: u16, nodes: u16) -> Result<Process, Error> {
    let directory = Process::directory("builtin", None)?;
    let log = File::create(directory.path().join(LOG)).map_err(|e| Error::System("no log for the server", e))?;
    let mut command = Command::new(program);
    command
        .args(served)
        .args(["--until-stdin-ends", "--address", &format!("127.0.0.1:{port}")])
        .args(["--nodes", &nodes.to_string()])
        .stderr(log);
    Process::spawn(&mut command, directory)
}
