//! Signals: the first one asks the command to end and to say what it has found, the second one ends it at once.

use resurgam_harness::Stop;
use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that come within so short a time are one.
const ONCE: Duration = Duration::from_secs(1);

/// Listens to SIGINT, SIGTERM and SIGHUP from now on, except to a SIGHUP that whoever started us (`nohup`) wants ignored.
pub(crate) fn on_signals() -> Result<Stop, io::Error> {
    let stop = Stop::default();
    let (asked, (ready, wait)) = (stop.clone(), mpsc::channel());
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let listening = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let listening = listening.and_then(|runtime| {
            let signals = runtime.block_on(async { Signals::listen() })?;
            Ok((runtime, signals))
        });
        match listening {
            Ok((runtime, signals)) => {
                let _ = ready.send(Ok(()));
                runtime.block_on(signals.pass_on(&asked));
            }
            Err(why) => drop(ready.send(Err(why))),
        }
    })?;
    wait.recv().unwrap_or_else(|gone| Err(io::Error::other(gone)))?;
    Ok(stop)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl Signals {
    fn listen() -> Result<Self, io::Error> {
        let hang_up = if hang_up_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, hang_up })
    }

    async fn pass_on(mut self, stop: &Stop) {
        let mut asked: Option<Instant> = None;
        loop {
            let hang_up = async {
                match &mut self.hang_up {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            let name = tokio::select! {
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.terminate.recv() => "SIGTERM",
                () = hang_up => "SIGHUP",
            };
            match asked {
                // The same wish: `timeout` sends its signal to the process and to its group.
                Some(before) if before.elapsed() < ONCE => {}
                Some(_) => std::process::exit(3),
                None => {
                    asked = Some(Instant::now());
                    stop.request(name);
                }
            }
        }
    }
}

/// Whether SIGHUP, signal 1, was ignored when this process began.
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
