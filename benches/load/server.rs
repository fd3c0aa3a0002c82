//! The server that is measured: a process that we start, and what the kernel counts of it.

use crate::calls::Problem;
use clap::ValueEnum;
use resurgam_harness::target::{Started, own_server, temporal};
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Which server is put under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// Ours, on its memory store.
    Builtin,
    /// The real one, on SQLite in its memory.
    Temporal,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Which::Builtin => "builtin",
            Which::Temporal => "temporal",
        })
    }
}

impl Which {
    /// Starts it in processes of its own: ours with one node, as it is released.
    pub(crate) async fn start(self) -> Result<Started, Problem> {
        Ok(match self {
            Which::Builtin => own_server::start_released(&program("resurgam-server")?, &[], 1).await?,
            Which::Temporal => temporal::start(&temporal::Options::default()).await?,
        })
    }
}

/// A program of the same build: the file beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf, Problem> {
    let program = std::env::current_exe()?.with_file_name(name);
    if !program.is_file() {
        return Err(format!("{} is not there; build it in the same profile first", program.display()).into());
    }
    Ok(program)
}

/// CPU time of a process so far. All threads count, also those that have ended; the grain is 10 ms.
pub(crate) fn cpu(server: &Started) -> Result<Duration, Problem> {
    resurgam_benches::busy::cpu_time_of(&server.pid().to_string()).ok_or_else(|| "no CPU time is told".into())
}

/// Memory of a process that is resident now, in bytes.
pub(crate) fn resident(server: &Started) -> Result<u64, Problem> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}
