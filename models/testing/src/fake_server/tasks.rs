//! Workflow tasks of the fake server: their attempts, and what the commands of a completed one become.

use super::{Activity, Child, FakeServer, Refused, Stage, Step, scheduled, started};
use resurgam_formats::command::Command;
use resurgam_formats::event::{
    ActivityTaskCancelRequested, ActivityTaskCanceled, ActivityTaskScheduled, Body, EventId, Execution, Failure,
    MarkerRecorded, Payloads, RequestCancelExternalWorkflowExecutionInitiated, Span,
    StartChildWorkflowExecutionInitiated, Symbol, TimerCanceled, TimerStarted, UpdateMeta, UpdateOutcome,
    UpdateRequest, WorkflowExecutionCanceled, WorkflowExecutionCompleted, WorkflowExecutionContinuedAsNew,
    WorkflowExecutionFailed, WorkflowExecutionUpdateAccepted, WorkflowExecutionUpdateCompleted, WorkflowTaskCompleted,
    WorkflowTaskFailed, WorkflowTaskTimedOut,
};
use resurgam_formats::marker;
use resurgam_formats::program::LOCAL_MARKER;
use serde_json::json;

impl FakeServer {
    /// A worker takes the workflow task and answers it at once.
    ///
    /// # Errors
    /// There is none, or the answer is refused.
    pub fn task(&mut self) -> Result<Vec<Command>, Refused> {
        self.begin()?;
        self.finish(0)?;
        Ok(self.tasks.last().map(|(_, commands)| commands.clone()).unwrap_or_default())
    }

    /// A worker takes the workflow task.
    ///
    /// # Errors
    /// None is scheduled.
    pub fn begin(&mut self) -> Result<(), Refused> {
        let Stage::Scheduled(mut id) = self.stage else { return Err(Refused("no task is scheduled".into())) };
        if !self.transient && id.is_none() {
            id = self.write(scheduled())?;
        }
        let start = if self.transient { EventId(0) } else { self.write(started(id))? };
        self.stage = Stage::Started(id, start);
        self.offers.push((self.events.len(), self.machine.clone()));
        Ok(())
    }

    /// The worker fails the task, or loses it.
    ///
    /// # Errors
    /// None is started.
    pub fn fail(&mut self, timed_out: bool) -> Result<(), Refused> {
        let Stage::Started(scheduled, started) = self.stage else { return Err(Refused("no task is started".into())) };
        if !self.transient {
            self.write(if timed_out {
                let timeout_type = Symbol("START_TO_CLOSE".into());
                Body::WorkflowTaskTimedOut(Box::new(WorkflowTaskTimedOut { scheduled, started, timeout_type }))
            } else {
                let cause = Symbol("UNHANDLED_COMMAND".into());
                let failed = WorkflowTaskFailed { scheduled, started, cause, ..Default::default() };
                Body::WorkflowTaskFailed(Box::new(failed))
            })?;
        }
        self.transient = !self.flush()?;
        self.schedule()
    }

    /// The worker completes the task: updates, then local activities (`drawn` is what it adds to them), then commands.
    ///
    /// # Errors
    /// None is started, or the server refuses a command; a run that closes while something was held back is not an
    /// error, the task then fails.
    pub fn finish(&mut self, drawn: i64) -> Result<(), Refused> {
        let Stage::Started(mut scheduled_id, mut started_id) = self.stage else {
            return Err(Refused("no task is started".into()));
        };
        let mut machine = self.machine.clone();
        let mut steps = vec![];
        for update in &self.waiting {
            let accepted = machine.update(&update.id, &update.name, update.argument);
            steps.push(Step::Update(update.clone(), accepted));
        }
        while let Some(local) = machine.locals().first() {
            let value = local.value.wrapping_add(drawn);
            machine.local(local.seq, value);
            steps.push(Step::Local(local.seq, value));
        }
        let commands = machine.take_commands();
        steps.push(Step::Commands(commands.clone()));
        if commands.iter().any(Command::is_close) && !self.buffer.is_empty() {
            return self.fail(false);
        }
        self.machine = machine;
        self.steps.extend(steps);
        if self.transient {
            scheduled_id = self.write(scheduled())?;
            started_id = self.write(started(scheduled_id))?;
        }
        let completed = WorkflowTaskCompleted { scheduled: scheduled_id, started: started_id, ..Default::default() };
        let completed = self.write(Body::WorkflowTaskCompleted(Box::new(completed)))?;
        self.transient = false;
        for command in &commands {
            if self.closed {
                return Err(Refused(format!("{command:?} comes after the last command")));
            }
            self.apply(command, completed)?;
        }
        self.tasks.push((completed, commands));
        self.waiting.clear();
        self.stage = Stage::None;
        if !self.closed && self.flush()? {
            self.schedule()?;
        }
        Ok(())
    }

    fn apply(&mut self, command: &Command, task_completed: EventId) -> Result<(), Refused> {
        let refused = |why: &str| Err(Refused(format!("{why}: {command:?}")));
        match command {
            Command::ScheduleActivity { seq, call } => {
                let activity_id = seq.to_string();
                let input = Payloads::one(&json!(call.script));
                let it = ActivityTaskScheduled { activity_id, input, task_completed, ..Default::default() };
                let scheduled = self.write(Body::ActivityTaskScheduled(Box::new(it)))?;
                let activity = Activity { scheduled, started: false, asked: EventId(0) };
                self.pending.activities.insert(*seq, activity);
            }
            Command::RequestCancelActivity { seq } => {
                let Some(scheduled) = self.activity_to_cancel(*seq) else {
                    return refused("BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES");
                };
                let it = ActivityTaskCancelRequested { scheduled, task_completed };
                let asked = self.write(Body::ActivityTaskCancelRequested(Box::new(it)))?;
                if let Some(activity) = self.pending.activities.get_mut(seq) {
                    activity.asked = asked;
                    if !activity.started {
                        self.pending.activities.remove(seq);
                        let it = ActivityTaskCanceled { cancel_requested: asked, scheduled, ..Default::default() };
                        self.buffer.push(Body::ActivityTaskCanceled(Box::new(it)));
                    }
                }
            }
            Command::StartTimer { seq, ms } => {
                let timeout = Span::millis((*ms).into());
                let it = TimerStarted { timer_id: seq.to_string(), timeout, task_completed };
                let id = self.write(Body::TimerStarted(Box::new(it)))?;
                self.pending.timers.insert(*seq, id);
            }
            Command::CancelTimer { seq } => {
                let timer_id = seq.to_string();
                let held = |body: &Body| matches!(body, Body::TimerFired(it) if it.timer_id == timer_id);
                let fired = self.buffer.iter().position(held).map(|index| self.buffer.remove(index));
                let started = match (self.pending.timers.remove(seq), fired) {
                    (Some(started), _) => started,
                    (None, Some(Body::TimerFired(it))) => it.started,
                    _ => return refused("BAD_CANCEL_TIMER_ATTRIBUTES"),
                };
                self.write(Body::TimerCanceled(Box::new(TimerCanceled {
                    timer_id,
                    started,
                    task_completed,
                    ..Default::default()
                })))?;
            }
            Command::StartChild { seq, workflow_id, .. } => {
                let workflow_id = workflow_id.clone();
                let it = StartChildWorkflowExecutionInitiated { workflow_id, task_completed, ..Default::default() };
                let initiated = self.write(Body::StartChildWorkflowExecutionInitiated(Box::new(it)))?;
                self.pending.children.insert(*seq, Child { initiated, started: false });
            }
            Command::RequestCancelChild { workflow_id, .. } => {
                let target = Execution { workflow_id: workflow_id.clone(), run_id: String::new() };
                let it = RequestCancelExternalWorkflowExecutionInitiated {
                    task_completed,
                    target,
                    child_only: true,
                    ..Default::default()
                };
                let id = self.write(Body::RequestCancelExternalWorkflowExecutionInitiated(Box::new(it)))?;
                self.pending.cancels.push(id);
            }
            Command::RecordLocalActivity { seq, value } => {
                let details = marker::encode(*seq, *value);
                let it = MarkerRecorded { name: LOCAL_MARKER.into(), details, task_completed, ..Default::default() };
                self.write(Body::MarkerRecorded(Box::new(it)))?;
            }
            Command::AcceptUpdate { id } => {
                let Some(update) = self.waiting.iter().find(|update| update.id == *id) else {
                    return refused("no such update waits");
                };
                let args = Payloads::one(&json!(update.argument));
                let request = UpdateRequest { id: id.clone(), name: update.name.clone(), args, ..Default::default() };
                let protocol_instance_id = id.clone();
                let it = WorkflowExecutionUpdateAccepted { protocol_instance_id, request, ..Default::default() };
                let accepted = self.write(Body::WorkflowExecutionUpdateAccepted(Box::new(it)))?;
                self.pending.updates.insert(id.clone(), accepted);
            }
            Command::CompleteUpdate { id, outcome } => {
                let Some(accepted) = self.pending.updates.remove(id) else { return refused("no such update runs") };
                let outcome = match outcome {
                    Ok(value) => UpdateOutcome { success: Some(Payloads::one(&json!(value))), failure: None },
                    Err(failure) => UpdateOutcome { success: None, failure: Some(Failure::from(failure)) },
                };
                let it = WorkflowExecutionUpdateCompleted { accepted, meta: UpdateMeta(id.clone()), outcome };
                self.write(Body::WorkflowExecutionUpdateCompleted(Box::new(it)))?;
            }
            Command::CompleteWorkflow { output } => {
                let result = Payloads::one(&json!(output));
                let it = WorkflowExecutionCompleted { result, task_completed, ..Default::default() };
                self.close(Body::WorkflowExecutionCompleted(Box::new(it)))?;
            }
            Command::FailWorkflow { failure } => {
                let failure = Some(Failure::from(failure));
                let it = WorkflowExecutionFailed { failure, task_completed, ..Default::default() };
                self.close(Body::WorkflowExecutionFailed(Box::new(it)))?;
            }
            Command::CancelWorkflow => {
                let it = WorkflowExecutionCanceled { task_completed, ..Default::default() };
                self.close(Body::WorkflowExecutionCanceled(Box::new(it)))?;
            }
            Command::ContinueAsNew { input } => {
                let input = Payloads::one(&json!(input));
                let it = WorkflowExecutionContinuedAsNew { input, task_completed, ..Default::default() };
                self.close(Body::WorkflowExecutionContinuedAsNew(Box::new(it)))?;
            }
        }
        Ok(())
    }

    fn close(&mut self, body: Body) -> Result<(), Refused> {
        self.write(body)?;
        self.closed = true;
        Ok(())
    }

    /// The scheduled event of an activity that may be asked to cancel: it runs and was not asked, or its outcome is
    /// held back.
    fn activity_to_cancel(&self, seq: u32) -> Option<EventId> {
        if let Some(activity) = self.pending.activities.get(&seq) {
            return activity.asked.is_none().then_some(activity.scheduled);
        }
        let name = seq.to_string();
        let mut scheduled = self.events.iter().filter_map(|event| match &event.body {
            Body::ActivityTaskScheduled(it) if it.activity_id == name => Some(event.id),
            _ => None,
        });
        let id = scheduled.next()?;
        let ended = |body: &Body| match body {
            Body::ActivityTaskCompleted(it) => it.scheduled == id,
            Body::ActivityTaskFailed(it) => it.scheduled == id,
            Body::ActivityTaskTimedOut(it) => it.scheduled == id,
            Body::ActivityTaskCanceled(it) => it.scheduled == id,
            _ => false,
        };
        self.buffer.iter().any(ended).then_some(id)
    }
}
