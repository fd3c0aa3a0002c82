//! The parent's side: processes of the copy's program, one per processor, that work on a list of tasks. One that says nothing
//! for too long, or ends, is replaced; so a mutant that hangs or eats all memory ends itself and nothing else.

use crate::serve::{Ended, Task};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a case may take. Most take a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// Memory of a process, in kilobytes.
const MEMORY: &str = "6000000";

/// What came of a task.
#[derive(Debug)]
pub(crate) struct Done {
    /// What was to be done.
    pub(crate) task: Task,
    /// Its cases that came to an end.
    pub(crate) ended: Vec<Ended>,
    /// The process said nothing for too long, or was gone.
    pub(crate) lost: bool,
}

/// Has all tasks done by `jobs` processes of `program`, each told `arguments`; `each` hears of every one as it is done.
///
/// # Errors
/// A process cannot be started, or `each` fails: then no further task is begun.
pub(crate) fn work(
    program: &Path,
    arguments: &[&str],
    jobs: usize,
    tasks: Vec<Task>,
    each: impl FnMut(Done) -> io::Result<()> + Send,
) -> io::Result<()> {
    let (tasks, each) = (Mutex::new(tasks.into_iter()), Mutex::new(each));
    let worker = || -> io::Result<()> {
        let mut child = None;
        loop {
            let Some(task) = tasks.lock().unwrap_or_else(PoisonError::into_inner).next() else { return Ok(()) };
            let mut working = match child.take() {
                Some(child) => child,
                None => Child::start(program, arguments)?,
            };
            let done = working.work_on(task);
            if !done.lost {
                child = Some(working);
            }
            let mut each = each.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(why) = each(done) {
                // The others find nothing to do either.
                tasks.lock().unwrap_or_else(PoisonError::into_inner).by_ref().for_each(drop);
                return Err(why);
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// A process of the copy that does one task after the other.
struct Child {
    process: Process,
    lines: Receiver<String>,
}

impl Child {
    fn start(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut process = Command::new("sh")
            .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Mutants panic a lot.
            .stderr(Stdio::null())
            .spawn()?;
        let (sender, lines) = mpsc::channel();
        if let Some(out) = process.stdout.take() {
            thread::spawn(move || {
                BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
            });
        }
        Ok(Self { process, lines })
    }

    fn work_on(&mut self, task: Task) -> Done {
        let mut done = Done { task, ended: Vec::new(), lost: true };
        let told = self.process.stdin.as_mut().is_some_and(|out| {
            serde_json::to_writer(&mut *out, &done.task).is_ok() && out.write_all(b"\n").is_ok() && out.flush().is_ok()
        });
        while told && let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            match serde_json::from_str(&line) {
                Ok(ended) => done.ended.push(ended),
                Err(_) => {
                    done.lost = !line.is_empty();
                    break;
                }
            }
        }
        done
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may be gone already, which is all that is wanted.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
