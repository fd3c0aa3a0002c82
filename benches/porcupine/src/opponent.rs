//! Porcupine, as a program that is asked on its standard input: a model and a file, and answers with an outcome and a time.

use std::io::{self, BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The running program. It ends with its input.
pub(crate) struct Opponent {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// What it says of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// There is an order, or there is none.
    Decided(bool),
    /// It took too long.
    GaveUp,
}

impl Opponent {
    /// Builds and starts it; `limit` is how long it searches at most.
    ///
    /// # Errors
    /// Go is missing, or the program does not build.
    pub(crate) fn start(directory: &Path, limit: Duration) -> io::Result<Self> {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("checker");
        let program = directory.join("porcupine");
        let built = Command::new("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(source).status()?;
        if !built.success() {
            return Err(io::Error::other(format!("go build: {built}")));
        }
        let mut child = Command::new(program)
            .arg(limit.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let output = BufReader::new(child.stdout.take().ok_or_else(missing)?).lines();
        Ok(Self { input: child.stdin.take(), child, output })
    }

    /// What it says of the history in a file, and how long its search took.
    ///
    /// # Errors
    /// It has ended, or answers with something else.
    pub(crate) fn check(&mut self, model: &str, file: &Path) -> io::Result<(Said, Duration)> {
        let input = self.input.as_mut().ok_or_else(|| io::Error::other("it has ended"))?;
        writeln!(input, "{model} {}", file.display())?;
        let line = self.output.next().ok_or_else(|| io::Error::other("it has ended"))??;
        let wrong = || io::Error::other(format!("it says {line:?}"));
        let (said, nanos) = line.split_once(' ').ok_or_else(wrong)?;
        let said = match said {
            "ok" => Said::Decided(true),
            "illegal" => Said::Decided(false),
            "unknown" => Said::GaveUp,
            _ => return Err(wrong()),
        };
        Ok((said, Duration::from_nanos(nanos.parse().map_err(|_| wrong())?)))
    }
}

impl Drop for Opponent {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
