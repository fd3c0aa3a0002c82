//! Activity tasks: scripts keyed on the server's attempt number, executed by whoever is handed the task.

use super::{LIMIT, Manner, Worker};
use crate::answer;
use crate::asked::describe;
use crate::convert::{failure, first, payloads};
use crate::session::within;
use resurgam_api::temporal::workflowservice::v1::{
    PollActivityTaskQueueResponse, RecordActivityTaskHeartbeatRequest, RespondActivityTaskCanceledRequest,
    RespondActivityTaskCompletedByIdRequest, RespondActivityTaskCompletedRequest, RespondActivityTaskFailedRequest,
};
use resurgam_formats::label;
use resurgam_formats::plan::{Action, TaskKind};
use resurgam_formats::program::{Act, ActEnd, Failure, Script};
use resurgam_formats::recording::{ActivityEnd, Answer, Call, Reply, Task, TaskId, What};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

impl Worker {
    /// Works on one activity task.
    pub(super) async fn activity_task(self: Arc<Self>, polled: PollActivityTaskQueueResponse, life: u32) {
        let task = self.session.recorder.task();
        let execution = polled.workflow_execution.clone().unwrap_or_default();
        let attempt = u32::try_from(polled.attempt).unwrap_or_default();
        let (workflow_id, run_id) = (&execution.workflow_id, &execution.run_id);
        self.session.tokens.hand(TaskKind::Activity, workflow_id, run_id, &polled.task_token);
        self.session.recorder.record(What::Task(Box::new(Task {
            task,
            worker: self.name.clone(),
            kind: TaskKind::Activity,
            workflow_id: workflow_id.clone(),
            run_id: run_id.clone(),
            attempt,
            started: 0,
            previous_started: 0,
            sticky: false,
            events: None,
            event_count: None,
            updates: Vec::new(),
            queries: 0,
            activity_id: polled.activity_id.clone(),
            answer: self.answer(&PollActivityTaskQueueResponse {
                task_token: Vec::new(),
                input: None,
                ..polled.clone()
            }),
        })));
        let Some(manner) = self.worker_fault(task, TaskKind::Activity, life) else { return };
        // Beside the work, which they must not delay.
        let mut described = JoinSet::new();
        self.describe_in(&mut described, workflow_id);
        if let Some((end, by_id)) = self.attempt(task, &polled, life).await {
            self.end_activity(task, &polled, end, by_id, &manner, life).await;
            self.describe_in(&mut described, workflow_id);
        }
        while described.join_next().await.is_some() {}
    }

    /// Works on an attempt: how it ends, and whether the activity is named by its id then; `None` if nobody says so.
    async fn attempt(
        &self,
        task: TaskId,
        polled: &PollActivityTaskQueueResponse,
        life: u32,
    ) -> Option<(ActivityEnd, bool)> {
        let attempt = u32::try_from(polled.attempt).unwrap_or_default();
        let Some(act) = first::<Script>(polled.input.as_ref()).and_then(|script| act(script, attempt)) else {
            self.bug(format!("task {task}: the activity has no readable script"));
            return None;
        };
        match self.work(&act, task, &polled.task_token, life).await {
            Progress::Done => {}
            Progress::CancelRequested => return Some((ActivityEnd::Canceled, false)),
            Progress::Gone => return None,
        }
        match act.end {
            ActEnd::Return(value) => Some((ActivityEnd::Completed(value), false)),
            ActEnd::CompleteById(value) => Some((ActivityEnd::Completed(value), true)),
            ActEnd::Fail { kind, non_retryable } => {
                Some((ActivityEnd::Failed(Failure::Application { kind, non_retryable }), false))
            }
            ActEnd::Hang => None,
        }
    }

    /// Describes a workflow in a task of its own, if that is a habit.
    fn describe_in(self: &Arc<Self>, described: &mut JoinSet<()>, workflow_id: &str) {
        if !self.session.plan.habits.describes {
            return;
        }
        let (worker, workflow_id) = (Arc::clone(self), workflow_id.to_owned());
        described.spawn(async move {
            let call =
                Call::Client { workflow_id: workflow_id.clone(), request_id: String::new(), action: Action::Describe };
            let record = worker.session.recorder.operation(worker.name.clone(), call);
            let described = async {
                let described = describe(&worker.session, &worker.service, &workflow_id, "").await;
                described
                    .map_or_else(|status| answer::of(&status), |value| Answer::Ok { value: Reply::Description(value) })
            };
            record.attempt(described).await;
        });
    }

    /// Works as long as the script says, reporting progress.
    async fn work(&self, act: &Act, task: TaskId, token: &[u8], life: u32) -> Progress {
        let work = Duration::from_millis(act.work_ms.into());
        let Some(every) = act.heartbeat_every_ms else {
            tokio::time::sleep(work).await;
            return Progress::Done;
        };
        let every = Duration::from_millis(every.max(1).into());
        let until = tokio::time::Instant::now() + work;
        loop {
            if self.life() != life {
                return Progress::Gone;
            }
            let record = self.session.recorder.operation(self.name.clone(), Call::Heartbeat { task });
            match record.attempt(self.heartbeat(task, token)).await {
                Answer::Ok { value: Reply::Heartbeat { cancel_requested: true } } => return Progress::CancelRequested,
                Answer::Ok { value: Reply::NotFound { .. } } => return Progress::Gone,
                _ => {}
            }
            let now = tokio::time::Instant::now();
            if now >= until {
                return Progress::Done;
            }
            tokio::time::sleep(every.min(until - now)).await;
        }
    }

    async fn heartbeat(&self, task: TaskId, token: &[u8]) -> Answer {
        let request = RecordActivityTaskHeartbeatRequest {
            task_token: token.to_vec(),
            identity: self.name.clone(),
            namespace: self.session.namespace.clone(),
            details: payloads(&label::task(task)),
            ..Default::default()
        };
        match self.service.clone().record_activity_task_heartbeat(within(LIMIT, request)).await {
            Ok(reply) => {
                let cancel_requested = reply.get_ref().cancel_requested;
                Answer::Ok { value: Reply::Heartbeat { cancel_requested } }
            }
            Err(status) => answer::of(&status),
        }
    }

    async fn end_activity(
        &self,
        task: TaskId,
        polled: &PollActivityTaskQueueResponse,
        end: ActivityEnd,
        by_id: bool,
        manner: &Manner,
        life: u32,
    ) {
        let call = Call::EndActivity { task, end: end.clone(), by_id };
        self.give(call, manner, life, || async {
            let mut service = self.service.clone();
            let (namespace, identity) = (self.session.namespace.clone(), self.name.clone());
            let task_token = polled.task_token.clone();
            let sent = match &end {
                ActivityEnd::Completed(value) if by_id => {
                    let execution = polled.workflow_execution.clone().unwrap_or_default();
                    let request = RespondActivityTaskCompletedByIdRequest {
                        namespace,
                        workflow_id: execution.workflow_id,
                        run_id: execution.run_id,
                        activity_id: polled.activity_id.clone(),
                        result: payloads(value),
                        identity,
                        ..Default::default()
                    };
                    service.respond_activity_task_completed_by_id(within(LIMIT, request)).await.map(drop)
                }
                ActivityEnd::Completed(value) => {
                    let result = payloads(value);
                    let request = RespondActivityTaskCompletedRequest {
                        task_token,
                        result,
                        identity,
                        namespace,
                        ..Default::default()
                    };
                    service.respond_activity_task_completed(within(LIMIT, request)).await.map(drop)
                }
                ActivityEnd::Failed(why) => {
                    let failure = Some(failure(why));
                    let request = RespondActivityTaskFailedRequest {
                        task_token,
                        failure,
                        identity,
                        namespace,
                        ..Default::default()
                    };
                    service.respond_activity_task_failed(within(LIMIT, request)).await.map(drop)
                }
                ActivityEnd::Canceled => {
                    let details = payloads(&label::task(task));
                    let request = RespondActivityTaskCanceledRequest {
                        task_token,
                        details,
                        identity,
                        namespace,
                        ..Default::default()
                    };
                    service.respond_activity_task_canceled(within(LIMIT, request)).await.map(drop)
                }
            };
            sent.map_or_else(|status| answer::of(&status), |()| Answer::Ok { value: Reply::Done })
        })
        .await;
    }
}

enum Progress {
    Done,
    CancelRequested,
    /// The server does not know the task any more, or the worker crashed.
    Gone,
}

/// What an attempt does: attempt 1 the first entry and so on, the last for all later ones.
fn act(script: Script, attempt: u32) -> Option<Act> {
    let last = script.attempts.len().checked_sub(1)?;
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(last).min(last);
    script.attempts.into_iter().nth(index)
}
