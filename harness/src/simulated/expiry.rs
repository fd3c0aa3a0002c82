//! The end of a case in which runs expire: all clocks go on to where the first of them may be deleted, the faults of the plan
//! happen once more while they are, and then nothing may be left.
//!
//! Nothing is simulated of the time in between, in which nobody does anything. What the store holds is recorded whenever it has
//! changed, and what readers are told; that it is as it has to be is the judge's business.

use super::database::Database;
use super::schedule::Schedule;
use crate::history;
use crate::session::Session;
use crate::subject::Subject;
use resurgam_api::environment::Environment as _;
use resurgam_formats::kept::{Kept, KeptRun, Sought};
use resurgam_formats::plan::{Affected, Caller, Fault};
use resurgam_formats::recording::What;
use resurgam_formats::time::UnixMillis;
use resurgam_simulation::{Nemesis, Node};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};
use tonic::Code;

/// How long the namespaces of a case keep closed runs, in seconds.
pub(super) const RETENTION_SECONDS: i64 = 86_400;
const RETENTION: UnixMillis = RETENTION_SECONDS * 1000;
/// So long before the first run may be deleted time goes on as usual again, in milliseconds.
const EVE: UnixMillis = 1_500;
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// After the faults and the last moment until which a run has to be kept, this is time enough to delete all of them.
const LAG: Duration = Duration::from_secs(30);
/// Attempts of a last read while the cluster elects new owners.
const READS: u32 = 25;

/// A case whose runs expire.
pub(super) struct Expiry<'a> {
    pub(super) session: &'a Arc<Session>,
    pub(super) node: &'a Node,
    pub(super) nemesis: &'a Nemesis,
    pub(super) schedule: &'a Schedule,
    pub(super) database: &'a Database,
    pub(super) subject: &'a Subject,
    /// The workflow id and run id of every run.
    pub(super) runs: &'a [(String, String)],
}

/// When the next run after `now` may be deleted.
fn next(runs: &[KeptRun], now: UnixMillis) -> Option<UnixMillis> {
    runs.iter().filter(|run| run.row).map(|run| run.closed + RETENTION).filter(|due| *due > now).min()
}

impl Expiry<'_> {
    /// Lets the runs expire. All of them are closed, and nothing is wrong any more.
    pub(super) async fn pass(&self) {
        let Some((kept, _)) = self.database.kept(self.subject) else { return };
        let Some(first) = next(&kept, 0) else { return };
        self.go_on(first - EVE);
        let plan = &self.session.plan;
        self.schedule.begin(self.node.elapsed());
        let lasts = plan.faults.iter().map(Fault::end_ms).max().unwrap_or(0).max(2 * EVE as u64);
        let mut seen = Kept::default();
        let lasts = Duration::from_millis(lasts);
        tokio::select! {
            biased;
            () = self.seek() => {}
            () = self.watch(&mut seen, lasts, |_| false) => {}
        }
        self.schedule.forget();
        self.nemesis.heal();
        while !self.nemesis.is_quiet() {
            sleep(Duration::from_millis(5)).await;
        }
        self.database.calm(self.node.elapsed());
        let names: BTreeSet<&String> = self.runs.iter().map(|(_, run_id)| run_id).collect();
        let nothing = |kept: &Kept| kept.runs.iter().all(|run| !names.contains(&run.run_id));
        while let Some(due) = next(&seen.runs, seen.now) {
            self.go_on(due);
            self.watch(&mut seen, LOOK, nothing).await;
        }
        self.go_on(self.now() + self.wrong());
        self.watch(&mut seen, LAG, nothing).await;
        self.look(&mut seen, true);
        for number in 0..self.session.channels.len() {
            for (workflow_id, run_id) in self.runs {
                for _ in 0..READS {
                    if self.read(number, workflow_id, run_id, true).await {
                        break;
                    }
                    sleep(LOOK).await;
                }
            }
        }
    }

    /// What a clock shows that is right.
    fn now(&self) -> UnixMillis {
        let since = self.node.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as UnixMillis
    }

    /// All clocks go ahead until then.
    fn go_on(&self, until: UnixMillis) {
        let by = u64::try_from(until - self.now()).unwrap_or(0);
        self.nemesis.pass(Duration::from_millis(by));
    }

    /// How wrong clocks may be together, in milliseconds. The faults have happened twice.
    fn wrong(&self) -> UnixMillis {
        let wrong = self.session.plan.faults.iter().map(|fault| match fault.kind.affects() {
            Affected::Clock { by_ms, .. } => 2 * i64::from(by_ms).abs(),
            Affected::Links { .. }
            | Affected::Node { .. }
            | Affected::Store { .. }
            | Affected::Database(_)
            | Affected::Calls { .. } => 0,
        });
        wrong.sum()
    }

    /// Looks from time to time, for so long at most, until there is what somebody waits for. Time in which no run is due is
    /// passed over.
    async fn watch(&self, seen: &mut Kept, lasts: Duration, enough: impl Fn(&Kept) -> bool) {
        let until = Instant::now() + lasts;
        while Instant::now() < until {
            sleep(LOOK).await;
            self.look(seen, false);
            if enough(seen) {
                return;
            }
            if let Some(due) = next(&seen.runs, seen.now) {
                self.go_on(due - LOOK.as_millis() as UnixMillis);
            }
        }
    }

    /// Records what the store holds, if it is not what was seen before.
    fn look(&self, seen: &mut Kept, last: bool) {
        let Some((runs, current)) = self.database.kept(self.subject) else { return };
        let kept = Kept { now: self.now(), retention: RETENTION, last, runs, current };
        let same = Kept { now: seen.now, ..kept.clone() } == *seen;
        if last || !same {
            self.session.recorder.record(What::Kept(Box::new(kept.clone())));
        }
        *seen = kept;
    }

    /// Reads the histories of all runs again and again, each time from another node.
    async fn seek(&self) {
        for round in 0.. {
            for (place, (workflow_id, run_id)) in self.runs.iter().enumerate() {
                self.read((round + place) % self.session.channels.len(), workflow_id, run_id, false).await;
            }
            sleep(LOOK).await;
        }
    }

    /// Reads one; true if there was an answer.
    async fn read(&self, node: usize, workflow_id: &str, run_id: &str, last: bool) -> bool {
        let from = self.session.recorder.now();
        let client = self.session.client(Caller::Client, node);
        let events = match history::read(self.session, &client, workflow_id, run_id).await {
            Ok(events) => Some(events.len() as u64),
            Err(status) if status.code() == Code::NotFound => None,
            Err(_) => return false,
        };
        let (workflow_id, run_id) = (workflow_id.to_owned(), run_id.to_owned());
        let sought = Sought { workflow_id, run_id, from, now: self.now(), last, events };
        self.session.recorder.record(What::Sought(Box::new(sought)));
        true
    }
}
