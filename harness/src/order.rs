//! What somebody orders: a run as it was asked for, before its directory and its target are there. From it follow the options
//! that the results carry, and the command that repeats it.

use crate::run::{Event, Keep, Request, run};
use crate::run_directory::{Refused, RunDirectory};
use crate::shrink::Budget;
use crate::stop::Stop;
use crate::subject::Subject;
use crate::target::{self, Provided};
use resurgam_campaign::origin::{Options, Origin};
use resurgam_campaign::summary::Summary;
use resurgam_formats::scenario::Scenario;
use resurgam_formats::target::Choice;
use resurgam_reports::command;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How many cases are run if nothing says otherwise.
const CASES: u64 = 200;
/// So many cases at the same time on a real server, as they mostly wait.
const WAITING: usize = 16;

/// So many at the same time on processes that they share with their faults.
const SHARING: usize = 4;

/// See the module.
#[derive(Clone, Debug)]
pub struct Order {
    /// The target on which the cases are executed.
    pub choice: Choice,
    /// What is played, if cases are not to be random.
    pub scenario: Option<Arc<Scenario>>,
    /// The seed of the first case.
    pub seed: u64,
    /// How many cases; if nobody says, 200, or no limit if there is one of time.
    pub cases: Option<u64>,
    /// No new case begins after so long.
    pub limit: Option<Duration>,
    /// All milestones have to be reached.
    pub campaign: bool,
    /// What could not be decided counts as violated.
    pub strict: bool,
    /// Cases at the same time; if nobody says, one per processor in the simulation, and more on a real server.
    pub jobs: Option<usize>,
    /// Which cases to keep.
    pub keep: Keep,
    /// How long the first case that violates a rule is made smaller; zero to leave it as it is.
    pub shrink: Duration,
    /// Its directory, if it is to be a certain one.
    pub out: Option<PathBuf>,
    /// The database that was started for it, if the target is over one.
    pub started: Option<Provided>,
}

/// Why a run did not begin. It leaves nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// It gets no directory.
    #[error(transparent)]
    Directory(#[from] Refused),
    /// The target is not there.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// Somebody asked to stop.
    #[error("stopped by {0} before the first case")]
    Stopped(String),
}

impl NotBegun {
    /// True if it is what was asked for that is wrong, and not the target or the machine.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Directory(refused) => matches!(refused, Refused::Used(_)),
            Self::Target(why) => why.is_bad_input(),
            Self::Stopped(_) => false,
        }
    }
}

impl Order {
    /// How many cases there will be; `None` if only time limits them.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.cases.or(if self.limit.is_some() { None } else { Some(CASES) })
    }

    /// Takes a directory, makes the target ready and runs; gives the summary and where everything is. `program` is the one that
    /// `program server` makes a server of ours; `subject` gives what is simulated, with the planted bug of a name.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub async fn carry_out(
        &self,
        program: &Path,
        subject: impl FnOnce(Option<&str>) -> Option<Subject>,
        stop: &Stop,
        watch: impl FnMut(Event<'_>),
    ) -> Result<(Summary, PathBuf), NotBegun> {
        let name = format!("{}-{}", self.seed, self.choice.word());
        let directory = RunDirectory::create(self.out.as_deref(), &name)?;
        let opened = tokio::select! {
            opened = target::open(&self.choice, program, subject, self.started.as_ref()) => opened.map_err(NotBegun::from),
            by = stop.wait() => Err(NotBegun::Stopped(by)),
        };
        let target = match opened {
            Ok(target) => target,
            Err(why) => {
                directory.give_up();
                return Err(why);
            }
        };
        let path = directory.path().to_owned();
        let request = self.request(target.name(), target.version());
        Ok((run(&request, target, directory, stop, watch).await, path))
    }

    fn request(&self, target: String, target_version: String) -> Request {
        let seconds = self.limit.map(|limit| limit.as_secs_f64().ceil() as u64);
        let (choice, campaign, strict) = (self.choice.clone(), self.campaign, self.strict);
        let options = Options { choice, cases: self.total(), seconds, campaign, strict };
        let mut origin = Origin {
            resurgam: env!("CARGO_PKG_VERSION").into(),
            command: String::new(),
            scenario: self.scenario.as_ref().map_or(Origin::RANDOM, |scenario| &scenario.name).to_owned(),
            target,
            target_version,
            seed: self.seed,
            options,
        };
        origin.command = command::run(&origin);
        let jobs = self.jobs.unwrap_or_else(|| match self.choice {
            Choice::Simulation { .. } => std::thread::available_parallelism().map_or(1, NonZero::get),
            Choice::Process { ref faults, .. }
            | Choice::Container { ref faults, .. }
            | Choice::TemporalContainer { ref faults, .. } => {
                // Their faults hit them all.
                if faults.is_empty() { WAITING } else { SHARING }
            }
            Choice::Check { .. } | Choice::Temporal | Choice::Address { .. } => WAITING,
        });
        let budget = Budget { time: self.shrink, ..Budget::default() };
        let shrink = (!self.shrink.is_zero() && self.scenario.is_none()).then_some(budget);
        Request { origin, jobs, keep: self.keep, scenario: self.scenario.clone(), shrink }
    }
}
