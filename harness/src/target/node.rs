//! One node of a cluster: its process, and what it is started with each time.

use super::child::Child;
use super::error::Error;
use super::process::end_of;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The signal of a kill.
const SIGKILL: i32 = 9;

/// See the module.
#[derive(Debug)]
pub(super) struct Node {
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    /// None while it is killed.
    process: Option<Child>,
    /// By how many faults it is held down.
    down: u32,
    /// By how many faults it is made to stand still.
    pauses: u32,
    /// By how much its clock is wrong.
    clock_ms: i64,
}

impl Node {
    /// One that is not started yet.
    pub(super) fn new(program: &Path, arguments: Vec<String>, log: PathBuf) -> Self {
        Self { program: program.to_owned(), arguments, log, process: None, down: 0, pauses: 0, clock_ms: 0 }
    }

    /// Starts it, with a clock that is as wrong as it was. It stands still if its predecessor did.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|e| Error::System("no log for the server", e))?;
        let clock = format!("--clock-offset-ms={}", self.clock_ms);
        let mut command = Command::new(&self.program);
        let process = Child::spawn(command.args(&self.arguments).arg(clock).stderr(log))?;
        if self.pauses > 0 {
            process.pause();
        }
        self.process = Some(process);
        Ok(())
    }

    /// Kills it; true if it lived, and has died of it.
    pub(super) fn kill(&mut self) -> bool {
        self.down += 1;
        let killed = self.process.take().and_then(|mut process| process.kill().ok());
        killed.is_some_and(|status| status.signal() == Some(SIGKILL))
    }

    /// Starts it again, unless another kill holds it down.
    pub(super) fn revive(&mut self) -> Result<(), Error> {
        self.down = self.down.saturating_sub(1);
        if self.down == 0 && self.process.is_none() { self.start() } else { Ok(()) }
    }

    /// Makes it stand still, whatever process it is; true if there is one, and does.
    pub(super) fn pause(&mut self) -> bool {
        self.pauses += 1;
        self.process.as_ref().is_some_and(Child::pause)
    }

    /// Lets it go on, unless another fault makes it stand still; true if it stood still until now.
    pub(super) fn resume(&mut self) -> bool {
        let stood_still = self.process.as_ref().is_some_and(Child::stands_still);
        self.pauses = self.pauses.saturating_sub(1);
        if let Some(process) = self.process.as_ref().filter(|_| self.pauses == 0) {
            process.resume();
        }
        stood_still
    }

    /// Moves its clock; true if it is there to be told.
    pub(super) fn move_clock(&mut self, by_ms: i64) -> bool {
        self.set_clock(self.clock_ms.saturating_add(by_ms))
    }

    /// Sets by how much its clock is wrong, now and whenever it is started.
    pub(super) fn set_clock(&mut self, by_ms: i64) -> bool {
        let changes = self.clock_ms != by_ms;
        self.clock_ms = by_ms;
        let told = self.process.as_mut().filter(|_| changes).map(|process| process.tell(&format!("clock {by_ms}")));
        matches!(told, Some(Ok(())))
    }

    /// How it ended, if it did without being killed.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(Child::ended)
    }

    /// The last lines of its log.
    pub(super) fn end_of_log(&self) -> String {
        end_of(&self.log)
    }
}

/// The node, whatever became of others who looked at it.
pub(super) fn locked(node: &Mutex<Node>) -> MutexGuard<'_, Node> {
    node.lock().unwrap_or_else(PoisonError::into_inner)
}
