//! A process that ends with us: when its standard input does, by [`Drop`], by a panic, by Ctrl-C or because somebody killed us.

use super::error::Error;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug)]
pub(super) struct Child(std::process::Child);

impl Child {
    /// Starts a program that ends when its standard input does.
    pub(super) fn spawn(command: &mut Command) -> Result<Self, Error> {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // Ctrl-C is for us; the server is to live until we have said what we found.
            .process_group(0)
            .spawn()
            .map_err(|e| Error::System("the server does not start", e))?;
        Ok(Self(child))
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Kills it, without a chance to end in order; gives how it ended.
    pub(super) fn kill(&mut self) -> io::Result<ExitStatus> {
        self.0.kill()?;
        self.0.wait()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let begun = Instant::now();
        while self.ended().is_none() {
            if begun.elapsed() > FAREWELL {
                // It does not do its work (stopped, or its program is gone): take its whole group away.
                let group = format!("-{}", self.0.id());
                let _ = Command::new("sh").args(["-c", "kill -KILL -- \"$1\"", "kill", &group]).status();
                let _ = self.0.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
