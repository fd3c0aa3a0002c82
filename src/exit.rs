//! Exit codes, the one line that bad input gets, and what is printed to standard output.

use resurgam_campaign::summary::Conclusion;
use resurgam_formats::verdict::Outcome;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::OnceLock;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: all rules held.
    Held,
    /// 1: a rule was violated.
    Violated,
    /// 2: usage or bad input.
    Usage,
    /// 3: something could not be decided, or nothing was judged.
    Inconclusive,
    /// 4: the target or the machine failed.
    Machine,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Usage or bad input.
    Input(String),
    /// The target or the machine: it does not start, or a file cannot be written.
    Machine(String),
    /// It was asked to stop before it had anything to say.
    Stopped(String),
}

impl Failure {
    /// Something that was given cannot be used.
    pub(crate) fn input(why: impl Display) -> Self {
        Self::Input(why.to_string())
    }

    /// Something that should work does not.
    pub(crate) fn machine(why: impl Display) -> Self {
        Self::Machine(why.to_string())
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Input(why)
    }
}

impl From<&str> for Failure {
    fn from(why: &str) -> Self {
        Self::Input(why.to_owned())
    }
}

impl Exit {
    /// What the worst outcome of all that was judged comes to. What could not be decided did not hold, and if nothing was
    /// judged nothing held; who is strict counts both as violated.
    pub(crate) fn of(worst: Outcome, strict: bool) -> Self {
        match worst {
            Outcome::Violated => Self::Violated,
            Outcome::Unknown | Outcome::NotApplicable if strict => Self::Violated,
            Outcome::Unknown | Outcome::NotApplicable => Self::Inconclusive,
            Outcome::Ok => Self::Held,
        }
    }
}

impl Exit {
    /// What several that were judged come to, each by its worst outcome. If there was nothing to judge in one, nobody knows
    /// about that one, and that the others held does not change it.
    pub(crate) fn of_all(outcomes: &[Outcome], strict: bool) -> Self {
        let worst = outcomes.iter().copied().max().unwrap_or(Outcome::NotApplicable);
        let idle = worst == Outcome::Ok && outcomes.contains(&Outcome::NotApplicable);
        Self::of(if idle { Outcome::NotApplicable } else { worst }, strict)
    }
}

impl From<Conclusion> for Exit {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Held => Self::Held,
            Conclusion::Violated => Self::Violated,
            Conclusion::Inconclusive => Self::Inconclusive,
            Conclusion::TargetOrMachine => Self::Machine,
        }
    }
}

/// What every command gives: how it ended, or why it could not do its work.
pub(crate) type Ended = Result<Exit, Failure>;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Held => 0.into(),
            Exit::Violated => 1.into(),
            Exit::Usage => 2.into(),
            Exit::Inconclusive => 3.into(),
            Exit::Machine => 4.into(),
        }
    }
}

/// The code of the whole program. What held is worth nothing if nobody could be told, except if nobody wanted to know: who
/// closes the pipe has read enough.
pub(crate) fn code(result: Result<Exit, Failure>) -> ExitCode {
    let exit = result.unwrap_or_else(|failure| match failure {
        Failure::Input(why) => complain(&why, Exit::Usage),
        Failure::Machine(why) => complain(&why, Exit::Machine),
        Failure::Stopped(why) => complain(&why, Exit::Inconclusive),
    });
    match UNTOLD.get() {
        Some(why) if why.kind() != io::ErrorKind::BrokenPipe && exit != Exit::Violated => {
            complain(&format!("standard output: {why}"), Exit::Machine).into()
        }
        _ => exit.into(),
    }
}

/// Prints one line about what went wrong.
pub(crate) fn complain(problem: &str, exit: Exit) -> Exit {
    tell(problem);
    exit
}

/// Writes one line to standard error: what is being done.
pub(crate) fn tell(words: &str) {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    // If standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "resurgam: {line}");
}

/// Why something could not be printed.
static UNTOLD: OnceLock<io::Error> = OnceLock::new();

/// Prints to standard output. If that is closed or full the work goes on: what is found is also written to files, and the exit
/// code says it.
pub(crate) fn print(text: &str) {
    if UNTOLD.get().is_some() {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(why) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        UNTOLD.get_or_init(|| why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_decided_did_not_hold() {
        let of = |worst| (Exit::of(worst, false), Exit::of(worst, true));
        assert_eq!(of(Outcome::Ok), (Exit::Held, Exit::Held));
        assert_eq!(of(Outcome::Violated), (Exit::Violated, Exit::Violated));
        assert_eq!(of(Outcome::Unknown), (Exit::Inconclusive, Exit::Violated));
        assert_eq!(of(Outcome::NotApplicable), (Exit::Inconclusive, Exit::Violated));
    }

    #[test]
    fn one_that_was_not_judged_is_not_covered_by_those_that_held() {
        let of = |outcomes: &[Outcome]| Exit::of_all(outcomes, false);
        assert_eq!(of(&[]), Exit::Inconclusive);
        assert_eq!(of(&[Outcome::Ok, Outcome::Ok]), Exit::Held);
        assert_eq!(of(&[Outcome::Ok, Outcome::NotApplicable]), Exit::Inconclusive);
        assert_eq!(of(&[Outcome::Violated, Outcome::NotApplicable]), Exit::Violated);
        assert_eq!(Exit::of_all(&[Outcome::NotApplicable, Outcome::Ok], true), Exit::Violated);
    }
}
