//! One node of a cluster: its process, and what it is started with each time.

use super::child::Child;
use super::error::Error;
use super::process::end_of;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Becomes the program in its arguments, which says what it has to say on standard error. Another process stays behind, of the
/// same group, and kills it when standard input ends. (As long as that one is there the number of the group is given to nobody else.)
const GUARDED: &str = r#"
exec 3<&0 </dev/null
{ read -r _ <&3; kill -KILL $$; } 2>/dev/null &
exec "$@" 3<&- >&2
"#;
/// So often in a row one that ends by itself is started again.
const LIVES: u32 = 20;
/// The signal of a kill.
const SIGKILL: i32 = 9;

/// See the module.
#[derive(Debug)]
pub(super) struct Node {
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    /// Whether it is a server of ours: one that ends when its standard input does, and has a clock that can be told.
    is_own: bool,
    /// So often it is started again if it ends by itself, as whoever runs it would do.
    lives: u32,
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
    /// One of ours that is not started yet.
    pub(super) fn own(program: &Path, arguments: Vec<String>, log: PathBuf) -> Self {
        Self::new(program, arguments, log, true)
    }

    /// One of somebody else that is not started yet.
    pub(super) fn foreign(program: &Path, arguments: Vec<String>, log: PathBuf) -> Self {
        Self::new(program, arguments, log, false)
    }

    fn new(program: &Path, arguments: Vec<String>, log: PathBuf, is_own: bool) -> Self {
        let program = program.to_owned();
        Self { program, arguments, log, is_own, lives: 0, process: None, down: 0, pauses: 0, clock_ms: 0 }
    }

    /// Starts it, with a clock that is as wrong as it was. It stands still if its predecessor did.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|e| Error::System("no log for the server", e))?;
        let mut command = if self.is_own {
            let mut command = Command::new(&self.program);
            command.args(&self.arguments).arg(format!("--clock-offset-ms={}", self.clock_ms));
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", GUARDED, "guarded"]).arg(&self.program).args(&self.arguments);
            command
        };
        let process = Child::spawn(command.stderr(log))?;
        if self.pauses > 0 {
            process.pause();
        }
        self.process = Some(process);
        Ok(())
    }

    /// It was started well: if it is a foreign one, from now on it is started again when it ends by itself. Temporal does that if it
    /// does not reach its store when it starts; ours goes on trying.
    pub(super) fn supervise(&mut self) {
        self.lives = if self.is_own { 0 } else { LIVES };
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
        self.supervise();
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
        let changes = self.is_own && self.clock_ms != by_ms;
        self.clock_ms = by_ms;
        let told = self.process.as_mut().filter(|_| changes).map(|process| process.tell(&format!("clock {by_ms}")));
        matches!(told, Some(Ok(())))
    }

    /// How it ended, if it did without being killed, and is not to be started again.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.process.as_mut().and_then(Child::ended)?;
        self.lives = self.lives.saturating_sub(1);
        if self.lives > 0 && self.start().is_ok() { None } else { Some(status) }
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
