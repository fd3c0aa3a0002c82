//! All runs: one map behind one lock. Whoever waits looks again at every change.

use crate::arrival::{Arrival, Timer};
use crate::run::Run;
use resurgam_node::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use temporal::common::v1::WorkflowExecution;
use temporal::history::v1 as event;
use tokio::sync::watch;
use tonic::Status;

/// How long a poll waits.
const POLL: Duration = Duration::from_secs(20);

/// The run of each workflow id. An id is used once.
type ById = BTreeMap<String, Run>;

/// See the module. Clones share everything.
#[derive(Clone)]
pub(crate) struct Runs {
    environment: Arc<dyn Environment>,
    by_id: Arc<Mutex<ById>>,
    changed: watch::Sender<()>,
}

impl Runs {
    pub(crate) fn new(environment: Arc<dyn Environment>) -> Self {
        Self { environment, by_id: Arc::default(), changed: watch::Sender::new(()) }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.environment.now()
    }

    fn locked(&self) -> MutexGuard<'_, ById> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the run of a request; a request that comes again is answered with the run that it has started.
    pub(crate) fn start(&self, request: api::StartWorkflowExecutionRequest, forgets: bool) -> Result<String, Status> {
        let mut runs = self.locked();
        if let Some(run) = runs.get(&request.workflow_id) {
            if run.start.request_id == request.request_id {
                return Ok(run.run_id.clone());
            }
            return Err(Status::already_exists(format!("run {} has this id", run.run_id)));
        }
        let run_id = format!("{:016x}", self.environment.random());
        runs.insert(request.workflow_id.clone(), Run::new(request, run_id.clone(), self.now(), forgets));
        self.changed.send_replace(());
        Ok(run_id)
    }

    /// Changes the run that a request names.
    pub(crate) fn change<T>(
        &self,
        execution: Option<&WorkflowExecution>,
        change: impl FnOnce(&mut Run) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let wanted = execution.ok_or_else(|| Status::invalid_argument("Execution is not set on request."))?;
        let mut runs = self.locked();
        let run = runs.get_mut(&wanted.workflow_id);
        let run = run.filter(|run| wanted.run_id.is_empty() || wanted.run_id == run.run_id);
        let changed = change(run.ok_or_else(|| Status::not_found("workflow not found"))?);
        self.changed.send_replace(());
        changed
    }

    /// Waits until there is something, or for as long as a poll waits.
    pub(crate) async fn wait<T>(&self, mut look: impl FnMut(&mut ById) -> Option<T>) -> Option<T> {
        let mut changed = self.changed.subscribe();
        let found = async {
            loop {
                if let Some(found) = look(&mut self.locked()) {
                    return Some(found);
                }
                changed.changed().await.ok()?;
            }
        };
        tokio::time::timeout(POLL, found).await.ok().flatten()
    }

    /// Sets a timer of a run.
    pub(crate) fn set(&self, workflow_id: &str, timer: Timer) {
        let (runs, workflow_id) = (self.clone(), workflow_id.to_owned());
        self.environment.spawn(Box::pin(async move {
            tokio::time::sleep(timer.after).await;
            let execution = WorkflowExecution { workflow_id, run_id: String::new() };
            let fired = runs.change(Some(&execution), |run| {
                if run.is_open() && run.timers.get(&timer.id) == Some(&timer.started) {
                    run.timers.remove(&timer.id);
                    let (timer_id, started_event_id) = (timer.id, timer.started);
                    let fired = event::TimerFiredEventAttributes { timer_id, started_event_id };
                    run.arrive(Arrival::TimerFired(fired), runs.now());
                }
                Ok(())
            });
            fired.expect("a run is never forgotten");
        }));
    }
}
