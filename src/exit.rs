//! Exit codes and the one line that bad input gets.

use std::io::Write as _;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All rules held.
    Held,
    /// A rule was violated.
    Violated,
    /// Usage or bad input.
    Usage,
    /// Inconclusive.
    Inconclusive,
}

/// What every command gives: how it ended, or one line about bad input.
pub(crate) type Ended = Result<Exit, String>;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Held => 0.into(),
            Exit::Violated => 1.into(),
            Exit::Usage => 2.into(),
            Exit::Inconclusive => 3.into(),
        }
    }
}

/// Prints one line about bad input.
pub(crate) fn complain(problem: &str) -> Exit {
    let line = problem.split_whitespace().collect::<Vec<_>>().join(" ");
    // If standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "resurgam: {line}");
    Exit::Usage
}

/// Prints to standard output; a closed pipe ends the program quietly.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
