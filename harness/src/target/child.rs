//! A process that ends with us: when its standard input does, by [`Drop`], by a panic, by Ctrl-C or because somebody killed us.

use super::error::Error;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to end.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a signal may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(1);

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

    /// Writes a line to its standard input.
    pub(super) fn tell(&mut self, line: &str) -> io::Result<()> {
        let gone = || io::Error::other("its standard input is closed");
        let stdin = self.0.stdin.as_mut().ok_or_else(gone)?;
        stdin.write_all(format!("{line}\n").as_bytes())?;
        stdin.flush()
    }

    /// Stops it where it is; true if it stands still then.
    pub(super) fn pause(&self) -> bool {
        self.signal("STOP");
        let begun = Instant::now();
        while !self.stands_still() {
            if begun.elapsed() > ARRIVAL {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// Lets it go on.
    pub(super) fn resume(&self) {
        self.signal("CONT");
    }

    /// Whether it is stopped by a signal, as the system sees it.
    pub(super) fn stands_still(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The name of the program is in parentheses, and may hold anything.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// Sends a signal to its whole group. (No `--` in front of the number: not every shell knows it.)
    fn signal(&self, name: &str) {
        let script = r#"kill "-$2" "-$1""#;
        let _ = Command::new("sh").args(["-c", script, "kill", &self.id().to_string(), name]).status();
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
        if self.stands_still() {
            // Else it does not see that it is to end.
            self.resume();
        }
        let begun = Instant::now();
        while self.ended().is_none() {
            if begun.elapsed() > FAREWELL {
                // It does not do its work, as its program is gone: take its whole group away.
                self.signal("KILL");
                let _ = self.kill();
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stands_still_goes_on_and_ends_all_the_same() {
        // It says each line that it reads, until there are no more.
        let said = tempfile::NamedTempFile::new().expect("a file");
        let script = format!("while read -r line; do echo $line >> {}; done", said.path().display());
        let mut child = Child::spawn(Command::new("sh").args(["-c", &script])).expect("a shell");
        let heard = || std::fs::read_to_string(said.path()).expect("the file");
        assert!(child.pause() && child.stands_still());
        child.tell("one").expect("its standard input");
        assert_eq!(heard(), "");
        child.resume();
        let begun = Instant::now();
        while heard() != "one\n" {
            assert!(begun.elapsed() < FAREWELL, "it does not go on");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!child.stands_still() && child.pause());
        let (id, begun) = (child.id(), Instant::now());
        drop(child);
        assert!(begun.elapsed() < FAREWELL, "it was killed");
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn one_that_does_not_end_is_taken_away_with_its_own_children() {
        let mut command = Command::new("sh");
        // Neither reads standard input; the number of the inner one is written where we find it.
        let written = tempfile::NamedTempFile::new().expect("a file");
        let script = format!("sleep 60 & echo $! > {}; exec sleep 60", written.path().display());
        let child = Child::spawn(command.args(["-c", &script])).expect("a shell");
        let begun = Instant::now();
        let inner = loop {
            let text = std::fs::read_to_string(written.path()).unwrap_or_default();
            match text.trim().parse::<u32>() {
                Ok(inner) => break inner,
                Err(_) if begun.elapsed() < FAREWELL => std::thread::sleep(Duration::from_millis(5)),
                Err(problem) => panic!("{problem}"),
            }
        };
        let outer = child.id();
        drop(child);
        // One that is dead and that nobody has waited for yet is a zombie.
        let lives = |id: u32| {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
        };
        assert!(!lives(outer), "it was waited for");
        // The signal is sent; a moment later it has arrived.
        let begun = Instant::now();
        while lives(inner) {
            assert!(begun.elapsed() < FAREWELL, "{inner} lives on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
