//! Commands of the machine as commands and messages of the API.

use crate::convert::{self, duration, failure, json, payloads, queue, retry, workflow_type};
use prost::{Message as _, Name};
use prost_wkt_types::Any;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{
    CancelTimerCommandAttributes, CancelWorkflowExecutionCommandAttributes, Command as ApiCommand,
    CompleteWorkflowExecutionCommandAttributes, ContinueAsNewWorkflowExecutionCommandAttributes,
    FailWorkflowExecutionCommandAttributes, ProtocolMessageCommandAttributes, RecordMarkerCommandAttributes,
    RequestCancelActivityTaskCommandAttributes, RequestCancelExternalWorkflowExecutionCommandAttributes,
    ScheduleActivityTaskCommandAttributes, StartChildWorkflowExecutionCommandAttributes, StartTimerCommandAttributes,
};
use resurgam_api::temporal::common::v1::{ActivityType, Header, Memo, Payloads};
use resurgam_api::temporal::enums::v1::{CommandType, ParentClosePolicy};
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::protocol::v1::message::SequencingId;
use resurgam_api::temporal::update::v1::{Acceptance, Meta, Outcome, Rejection, Request, Response, outcome};
use resurgam_formats::command::Command;
use resurgam_formats::label;
use resurgam_formats::plan::Knobs;
use resurgam_formats::program::{ACTIVITY_TYPE, ActivityCall, ChildCall, Failure, Input, LOCAL_MARKER, ParentClose};
use std::collections::BTreeMap;

/// An update as it came with a workflow task.
#[derive(Clone, Debug)]
pub(super) struct Update {
    /// Id of the message that brought it.
    pub(super) message: String,
    /// The event after which it takes place.
    pub(super) sequencing: i64,
    /// What was asked.
    pub(super) request: Request,
}

impl Update {
    /// Reads an update request from a protocol message.
    pub(super) fn read(message: Message) -> Option<(String, Self)> {
        let body = message.body?;
        let request = Request::decode(body.value.as_slice()).ok()?;
        let sequencing = match message.sequencing_id {
            Some(SequencingId::EventId(id)) => id,
            _ => 0,
        };
        Some((message.protocol_instance_id, Self { message: message.id, sequencing, request }))
    }
}

/// Translates the commands of one workflow task.
pub(super) struct Translator<'a> {
    /// The task queue of the case.
    pub(super) queue: &'a str,
    pub(super) knobs: &'a Knobs,
    /// Children and continued runs have no memo and no header.
    pub(super) plain: bool,
    /// Scheduled event ids of activities by number; completed by those of this task.
    pub(super) scheduled: BTreeMap<u32, i64>,
    /// Id of the event that the first command of this task writes.
    pub(super) next_event: i64,
    /// The updates that came with the task, by id.
    pub(super) updates: &'a BTreeMap<String, Update>,
    /// The messages that the commands refer to.
    pub(super) messages: Vec<Message>,
}

impl Translator<'_> {
    /// One command. Every command writes exactly one event, in order, so ids of events of this task are known.
    pub(super) fn command(&mut self, command: &Command) -> ApiCommand {
        let event = self.next_event;
        self.next_event += 1;
        let (kind, attributes) = match command {
            Command::ScheduleActivity { seq, call } => {
                self.scheduled.insert(*seq, event);
                (CommandType::ScheduleActivityTask, self.activity(*seq, call))
            }
            Command::RequestCancelActivity { seq } => (
                CommandType::RequestCancelActivityTask,
                Attributes::RequestCancelActivityTaskCommandAttributes(RequestCancelActivityTaskCommandAttributes {
                    scheduled_event_id: self.scheduled.get(seq).copied().unwrap_or_default(),
                }),
            ),
            Command::StartTimer { seq, ms } => (
                CommandType::StartTimer,
                Attributes::StartTimerCommandAttributes(StartTimerCommandAttributes {
                    timer_id: seq.to_string(),
                    start_to_fire_timeout: duration(*ms),
                }),
            ),
            Command::CancelTimer { seq } => (
                CommandType::CancelTimer,
                Attributes::CancelTimerCommandAttributes(CancelTimerCommandAttributes { timer_id: seq.to_string() }),
            ),
            Command::StartChild { seq, workflow_id, call } => {
                (CommandType::StartChildWorkflowExecution, self.child(*seq, workflow_id, call))
            }
            Command::RequestCancelChild { workflow_id, seq } => (
                CommandType::RequestCancelExternalWorkflowExecution,
                Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(
                    RequestCancelExternalWorkflowExecutionCommandAttributes {
                        workflow_id: workflow_id.clone(),
                        child_workflow_only: true,
                        reason: label::cancel(*seq),
                        ..Default::default()
                    },
                ),
            ),
            Command::RecordLocalActivity { seq, value } => (
                CommandType::RecordMarker,
                Attributes::RecordMarkerCommandAttributes(RecordMarkerCommandAttributes {
                    marker_name: LOCAL_MARKER.into(),
                    details: marker(*seq, *value),
                    header: header(&label::command(*seq)),
                    ..Default::default()
                }),
            ),
            Command::AcceptUpdate { id } => self.accept(id),
            Command::CompleteUpdate { id, outcome } => self.complete(id, outcome),
            Command::CompleteWorkflow { output } => (
                CommandType::CompleteWorkflowExecution,
                Attributes::CompleteWorkflowExecutionCommandAttributes(CompleteWorkflowExecutionCommandAttributes {
                    result: payloads(output),
                }),
            ),
            Command::FailWorkflow { failure: why } => (
                CommandType::FailWorkflowExecution,
                Attributes::FailWorkflowExecutionCommandAttributes(FailWorkflowExecutionCommandAttributes {
                    failure: Some(failure(why)),
                }),
            ),
            Command::CancelWorkflow => (
                CommandType::CancelWorkflowExecution,
                Attributes::CancelWorkflowExecutionCommandAttributes(CancelWorkflowExecutionCommandAttributes {
                    details: payloads(&label::CANCELLED),
                }),
            ),
            Command::ContinueAsNew { input } => {
                (CommandType::ContinueAsNewWorkflowExecution, self.continue_as_new(input))
            }
        };
        ApiCommand { command_type: kind.into(), attributes: Some(attributes), ..Default::default() }
    }

    fn activity(&self, seq: u32, call: &ActivityCall) -> Attributes {
        Attributes::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
            activity_id: seq.to_string(),
            activity_type: Some(ActivityType { name: ACTIVITY_TYPE.into() }),
            task_queue: queue(self.queue),
            input: payloads(&call.script),
            schedule_to_close_timeout: call.schedule_to_close_ms.and_then(duration),
            schedule_to_start_timeout: call.schedule_to_start_ms.and_then(duration),
            start_to_close_timeout: duration(call.start_to_close_ms),
            heartbeat_timeout: call.heartbeat_ms.and_then(duration),
            retry_policy: Some(retry(&call.retry)),
            header: header(&label::command(seq)),
            ..Default::default()
        })
    }

    fn child(&self, seq: u32, workflow_id: &str, call: &ChildCall) -> Attributes {
        let policy = match call.parent_close {
            ParentClose::Terminate => ParentClosePolicy::Terminate,
            ParentClose::RequestCancel => ParentClosePolicy::RequestCancel,
            ParentClose::Abandon => ParentClosePolicy::Abandon,
        };
        let input = Input { program: call.program.clone(), variables: Vec::new() };
        Attributes::StartChildWorkflowExecutionCommandAttributes(StartChildWorkflowExecutionCommandAttributes {
            workflow_id: workflow_id.into(),
            workflow_type: workflow_type(),
            task_queue: queue(self.queue),
            input: payloads(&input),
            workflow_task_timeout: duration(self.knobs.task_timeout_ms),
            parent_close_policy: policy.into(),
            retry_policy: call.retry.as_ref().map(retry),
            header: header(&label::command(seq)).filter(|_| !self.plain),
            memo: memo(&label::command(seq)).filter(|_| !self.plain),
            ..Default::default()
        })
    }

    fn continue_as_new(&self, input: &Input) -> Attributes {
        Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(ContinueAsNewWorkflowExecutionCommandAttributes {
            workflow_type: workflow_type(),
            task_queue: queue(self.queue),
            input: payloads(input),
            workflow_task_timeout: duration(self.knobs.task_timeout_ms),
            header: header(label::CONTINUE).filter(|_| !self.plain),
            memo: memo(label::CONTINUE).filter(|_| !self.plain),
            ..Default::default()
        })
    }

    fn accept(&mut self, id: &str) -> (CommandType, Attributes) {
        let update = self.updates.get(id);
        let body = Acceptance {
            accepted_request_message_id: update.map(|u| u.message.clone()).unwrap_or_default(),
            accepted_request_sequencing_event_id: update.map_or(0, |u| u.sequencing),
            accepted_request: update.map(|u| u.request.clone()),
        };
        self.message(id, "accept", &body)
    }

    fn complete(&mut self, id: &str, outcome: &Result<i64, Failure>) -> (CommandType, Attributes) {
        let value = match outcome {
            Ok(value) => outcome::Value::Success(Payloads { payloads: vec![json(value)] }),
            Err(why) => outcome::Value::Failure(failure(why)),
        };
        let body = Response {
            meta: Some(Meta { update_id: id.into(), ..Default::default() }),
            outcome: Some(Outcome { value: Some(value) }),
        };
        self.message(id, "complete", &body)
    }

    /// Refuses an update: a message without a command.
    pub(super) fn refuse(&mut self, id: &str) {
        let update = self.updates.get(id);
        let body = Rejection {
            rejected_request_message_id: update.map(|u| u.message.clone()).unwrap_or_default(),
            rejected_request_sequencing_event_id: update.map_or(0, |u| u.sequencing),
            rejected_request: update.map(|u| u.request.clone()),
            failure: Some(failure(&Failure::Application { kind: "refused".into(), non_retryable: true })),
        };
        self.messages.push(message(id, "refuse", &body));
    }

    fn message<M: Name>(&mut self, id: &str, step: &str, body: &M) -> (CommandType, Attributes) {
        let message = message(id, step, body);
        let message_id = message.id.clone();
        self.messages.push(message);
        let attributes = ProtocolMessageCommandAttributes { message_id };
        (CommandType::ProtocolMessage, Attributes::ProtocolMessageCommandAttributes(attributes))
    }
}

fn message<M: Name>(id: &str, step: &str, body: &M) -> Message {
    Message {
        id: format!("{id}/{step}"),
        protocol_instance_id: id.into(),
        body: Some(Any { type_url: format!("type.googleapis.com/{}", M::full_name()), value: body.encode_to_vec() }),
        sequencing_id: None,
    }
}

/// A memo with one label.
fn memo(label: &str) -> Option<Memo> {
    Some(Memo { fields: convert::label(label) })
}

/// A header with one label.
fn header(label: &str) -> Option<Header> {
    Some(Header { fields: convert::label(label) })
}

/// The details of a local activity's marker.
fn marker(seq: u32, value: i64) -> std::collections::HashMap<String, Payloads> {
    let payload = json(&resurgam_formats::marker::content(seq, value));
    [(resurgam_formats::marker::DETAIL.to_owned(), Payloads { payloads: vec![payload] })].into()
}
