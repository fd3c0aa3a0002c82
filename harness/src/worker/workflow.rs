//! Workflow tasks: bring the machine up to date, answer with its commands, keep the run in the cache if that went well.

use super::cache::Run;
use super::command::{Translator, Update};
use super::polled::Polled;
use super::query::query_result;
use super::{LIMIT, Manner, Worker};
use crate::convert::{duration, first};
use crate::session::within;
use crate::{answer, convert, history};
use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::sdk::v1::WorkflowTaskCompletedMetadata;
use resurgam_api::temporal::taskqueue::v1::StickyExecutionAttributes;
use resurgam_api::temporal::workflowservice::v1::respond_workflow_task_completed_request::Capabilities;
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueResponse, RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskFailedRequest,
};
use resurgam_formats::command::Command;
use resurgam_formats::event::Event;
use resurgam_formats::label;
use resurgam_formats::notes::Notes;
use resurgam_formats::plan::TaskKind;
use resurgam_formats::program::Failure;
use resurgam_formats::recording::{Answer, Call, Reply, Task, What};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tonic::Status;

impl Worker {
    /// Works on one workflow task or query task.
    pub(super) async fn workflow_task(
        self: Arc<Self>,
        response: PollWorkflowTaskQueueResponse,
        life: u32,
        sticky: bool,
    ) {
        let polled = match self.receive(response, sticky).await {
            Ok(polled) => polled,
            Err(status) => return self.bug(format!("a workflow task could not be read: {status}")),
        };
        let Some(manner) = self.worker_fault(polled.task, TaskKind::Workflow, life) else { return };
        if manner.fail && polled.response.query.is_none() {
            self.cache().take(&polled.run_id);
            return self.fail(&polled, &manner, life).await;
        }
        let run = match self.bring_up(&polled).await {
            Ok(run) => run,
            // The run may be gone by now, or the server in trouble: the task will come again.
            Err(Behind::Server) => return,
            Err(Behind::Suite(what)) => {
                self.bug(format!("{}/{}: {what}", polled.workflow_id, polled.run_id));
                return self.fail(&polled, &manner, life).await;
            }
        };
        match polled.response.query.clone() {
            Some(query) => self.answer_query(&polled, run, &query, &manner, life).await,
            None => self.complete(&polled, run, &manner, life).await,
        }
    }

    /// Fetches the other pages and writes the task down.
    async fn receive(&self, mut response: PollWorkflowTaskQueueResponse, sticky: bool) -> Result<Polled, Status> {
        let task = self.session.recorder.task();
        let execution = response.workflow_execution.clone().unwrap_or_default();
        let mut raw = response.history.take().unwrap_or_default().events;
        let mut token = std::mem::take(&mut response.next_page_token);
        while !token.is_empty() {
            let request = GetWorkflowExecutionHistoryRequest {
                namespace: self.session.namespace.clone(),
                execution: Some(execution.clone()),
                next_page_token: token,
                ..Default::default()
            };
            let page = self.service.clone().get_workflow_execution_history(within(LIMIT, request)).await?;
            let page = page.into_inner();
            raw.extend(page.history.unwrap_or_default().events);
            token = page.next_page_token;
        }
        if response.query.is_none() {
            let (workflow_id, run_id) = (&execution.workflow_id, &execution.run_id);
            self.session.tokens.hand(TaskKind::Workflow, workflow_id, run_id, &response.task_token);
        }
        let events = decode(&raw).map_err(Status::internal)?;
        let mut updates = BTreeMap::new();
        let mut order = Vec::new();
        for (id, update) in std::mem::take(&mut response.messages).into_iter().filter_map(Update::read) {
            order.push(id.clone());
            updates.insert(id, update);
        }
        let queries = response.queries.len() + usize::from(response.query.is_some());
        self.session.recorder.record(What::Task(Box::new(Task {
            task,
            worker: self.name.clone(),
            kind: TaskKind::Workflow,
            workflow_id: execution.workflow_id.clone(),
            run_id: execution.run_id.clone(),
            attempt: u32::try_from(response.attempt).unwrap_or_default(),
            started: response.started_event_id,
            previous_started: response.previous_started_event_id,
            sticky,
            events: events.first().zip(events.last()).map(|(first, last)| (first.id.0, last.id.0)),
            event_count: u32::try_from(events.len()).ok(),
            updates: order.clone(),
            queries: u32::try_from(queries).unwrap_or(u32::MAX),
            activity_id: String::new(),
            answer: self.answer(&PollWorkflowTaskQueueResponse {
                task_token: Vec::new(),
                queries: HashMap::new(),
                query: None,
                ..response.clone()
            }),
        })));
        let (workflow_id, run_id) = (execution.workflow_id, execution.run_id);
        Ok(Polled { task, response, workflow_id, run_id, events, updates, order })
    }

    /// The run as of the events of the task: from the cache if it is there and the events go on where it stopped, else
    /// from the whole history. With `full_replay` both ways are taken and have to agree.
    async fn bring_up(&self, polled: &Polled) -> Result<Run, Behind> {
        let cached = self.cache().take(&polled.run_id);
        let cached = cached.and_then(|mut run| {
            let fits = match polled.events.first() {
                Some(first) => first.id.0 == run.machine.seen() + 1,
                None => true,
            };
            (fits && run.advance(&polled.events).is_ok()).then_some(run)
        });
        match cached {
            // A query task on a sticky queue carries no events: what could be replayed may be newer than the run.
            Some(run) if !self.session.plan.workers.full_replay || polled.events.is_empty() => Ok(run),
            cached => {
                let whole = self.whole_history(polled).await?;
                let replayed = Run::replay(&polled.workflow_id, &whole).map_err(|e| Behind::Suite(e.to_string()))?;
                match cached {
                    Some(run) if run.machine != replayed.machine => {
                        Err(Behind::Suite("the cached machine differs from its own replay".into()))
                    }
                    _ => Ok(replayed),
                }
            }
        }
    }

    /// The history from event 1 to the last event of the task.
    async fn whole_history(&self, polled: &Polled) -> Result<Vec<Event>, Behind> {
        let first = polled.events.first().map(|event| event.id.0);
        if first == Some(1) {
            return Ok(polled.events.clone());
        }
        let raw = history::read(&self.session, &self.service, &polled.workflow_id, &polled.run_id).await;
        let mut events = decode(&raw.map_err(|_| Behind::Server)?).map_err(Behind::Suite)?;
        // A query task on a sticky queue carries nothing: it is about all that there is.
        if let Some(first) = first {
            events.retain(|event| event.id.0 < first);
        }
        events.extend(polled.events.iter().cloned());
        Ok(events)
    }

    async fn complete(&self, polled: &Polled, mut run: Run, manner: &Manner, life: u32) {
        let mut refused = Vec::new();
        for id in &polled.order {
            let input = polled.updates[id].request.input.clone().unwrap_or_default();
            let accepted = first(input.args.as_ref()).is_some_and(|value| run.machine.update(id, &input.name, value));
            if !accepted {
                refused.push(id.clone());
            }
        }
        loop {
            let locals = run.machine.locals();
            if locals.is_empty() {
                break;
            }
            for local in locals {
                run.machine.local(local.seq, local.value.wrapping_add(i64::from(rand::random::<u16>())));
            }
        }
        let commands = run.machine.take_commands();
        let request = self.completion(polled, &mut run, &commands, &refused, life);
        let closes = commands.iter().any(Command::is_close);
        let call = Call::CompleteWorkflowTask { task: polled.task, commands, refused };
        let rewound = std::sync::atomic::AtomicBool::new(false);
        self.cache().answering(&polled.run_id, &run);
        let answer = self
            .give(call, manner, life, || async {
                let request = within(LIMIT, request.clone());
                match self.service.clone().respond_workflow_task_completed(request).await {
                    Ok(reply) => {
                        // A dropped speculative task takes its events with it.
                        if reply.get_ref().reset_history_event_id != 0 {
                            rewound.store(true, std::sync::atomic::Ordering::SeqCst);
                        }
                        Answer::Ok { value: Reply::Done }
                    }
                    Err(status) => answer::of(&status),
                }
            })
            .await;
        let rewound = rewound.into_inner();
        let kept = matches!(answer, Some(Answer::Ok { value: Reply::Done }))
            && !closes
            && !rewound
            && self.session.plan.workers.cache > 0;
        // The lock is taken before the life is compared, so that a crash cannot slip between the two.
        let mut cache = self.cache();
        if rewound {
            cache.rewound(&polled.run_id);
        }
        if kept && self.life() == life {
            cache.put(polled.run_id.clone(), run);
        }
    }

    fn completion(
        &self,
        polled: &Polled,
        run: &mut Run,
        commands: &[Command],
        refused: &[String],
        life: u32,
    ) -> RespondWorkflowTaskCompletedRequest {
        let queue = self.session.queue();
        let mut translator = Translator {
            queue: &queue,
            knobs: &self.session.plan.knobs,
            plain: self.session.plan.habits.plain,
            scheduled: run.scheduled.clone(),
            next_event: polled.response.started_event_id + 2,
            updates: &polled.updates,
            messages: Vec::new(),
        };
        let api = commands.iter().map(|command| translator.command(command)).collect();
        for id in refused {
            translator.refuse(id);
        }
        let messages = std::mem::take(&mut translator.messages);
        let queries = polled.response.queries.iter();
        let query_results = queries.map(|(id, query)| (id.clone(), query_result(&polled.run_id, run, query))).collect();
        let sticky_attributes = (self.session.plan.workers.cache > 0).then(|| StickyExecutionAttributes {
            worker_task_queue: convert::sticky(&self.sticky_queue(life), &queue),
            schedule_to_start_timeout: duration(self.session.plan.knobs.sticky_timeout_ms),
        });
        RespondWorkflowTaskCompletedRequest {
            task_token: polled.response.task_token.clone(),
            commands: api,
            messages,
            identity: self.name.clone(),
            sticky_attributes,
            query_results,
            namespace: self.session.namespace.clone(),
            sdk_metadata: Some(WorkflowTaskCompletedMetadata {
                sdk_name: label::NAME.into(),
                sdk_version: label::task(polled.task),
                ..Default::default()
            }),
            capabilities: Some(Capabilities { discard_speculative_workflow_task_with_events: true }),
            ..Default::default()
        }
    }

    async fn fail(&self, polled: &Polled, manner: &Manner, life: u32) {
        let call = Call::FailWorkflowTask { task: polled.task };
        self.give(call, manner, life, || async {
            let why = Failure::Application { kind: label::task(polled.task), non_retryable: false };
            let request = RespondWorkflowTaskFailedRequest {
                task_token: polled.response.task_token.clone(),
                cause: WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure.into(),
                failure: Some(convert::failure(&why)),
                identity: self.name.clone(),
                namespace: self.session.namespace.clone(),
                ..Default::default()
            };
            match self.service.clone().respond_workflow_task_failed(within(LIMIT, request)).await {
                Ok(_) => Answer::Ok { value: Reply::Done },
                Err(status) => answer::of(&status),
            }
        })
        .await;
    }
}

fn decode(raw: &[HistoryEvent]) -> Result<Vec<Event>, String> {
    let mut notes = Notes::default();
    let json = history::to_json(raw).map_err(|e| e.to_string())?;
    json.into_iter()
        .map(|value| resurgam_formats::event::decode(value, &mut notes).map_err(|e| e.to_string()))
        .collect()
}

/// Why a machine stays behind its run.
enum Behind {
    /// The server did not give the history.
    Server,
    /// A bug of ours.
    Suite(String),
}
