//! A workflow whose worker is in one's own hand: each of its rounds is one call after the other, so that what it costs can be
//! measured beside any number of rounds before it.

use crate::calls::{Caller, Problem, id, within};
use prost::{Message as _, Name};
use prost_wkt_types::{Any, Duration};
use resurgam_api::temporal::command::v1::{
    Command, ProtocolMessageCommandAttributes, ScheduleActivityTaskCommandAttributes, command::Attributes,
};
use resurgam_api::temporal::common::v1::{ActivityType, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{CommandType, TaskQueueKind, UpdateWorkflowExecutionLifecycleStage};
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use resurgam_api::temporal::update::v1::{Acceptance, Input, Meta, Outcome, Request, Response, WaitPolicy, outcome};
use resurgam_api::temporal::workflowservice::v1::{
    PollActivityTaskQueueRequest, PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse,
    RespondActivityTaskCompletedRequest, RespondWorkflowTaskCompletedRequest, UpdateWorkflowExecutionRequest,
};
use resurgam_harness::target::NAMESPACE;

/// Its task queue; what is known of it is in another one, which is sticky.
const QUEUE: &str = "by hand";
const STICKY: &str = "by hand, sticky";
/// The id of the one workflow that is worked on by hand.
const WORKFLOW: &str = "by hand";
/// Until a poll waits at the server.
const SOON: std::time::Duration = std::time::Duration::from_millis(500);
/// How long the server may take for what the worker does not do.
const LONG: Duration = Duration { seconds: 600, nanos: 0 };

/// Starts the workflow and takes its first two workflow tasks: a sticky queue counts as one only once its worker has polled it.
pub(crate) async fn begin(caller: &Caller) -> Result<(), Problem> {
    caller.start(WORKFLOW, QUEUE, 0).await?;
    let task = workflow_task(caller, &normal(QUEUE)).await?;
    answer(caller, &task, Vec::new(), Vec::new()).await?;
    let signal = async {
        tokio::time::sleep(SOON).await;
        Ok::<_, Problem>(caller.signal(WORKFLOW, 0).await?)
    };
    let sticky = sticky();
    let (task, ()) = tokio::try_join!(workflow_task(caller, &sticky), signal)?;
    answer(caller, &task, Vec::new(), Vec::new()).await
}

/// One activity: a signal gives it a workflow task, which schedules the activity, and that is taken and completed. The workflow task
/// that follows is taken too: eleven events.
pub(crate) async fn activity(caller: &Caller) -> Result<(), Problem> {
    caller.signal(WORKFLOW, 0).await?;
    let task = workflow_task(caller, &sticky()).await?;
    let attributes = ScheduleActivityTaskCommandAttributes {
        activity_id: id(),
        activity_type: Some(ActivityType { name: "measured".to_owned() }),
        task_queue: Some(normal(QUEUE)),
        start_to_close_timeout: Some(LONG),
        ..ScheduleActivityTaskCommandAttributes::default()
    };
    let command =
        command(CommandType::ScheduleActivityTask, Attributes::ScheduleActivityTaskCommandAttributes(attributes));
    answer(caller, &task, vec![command], Vec::new()).await?;
    let request = PollActivityTaskQueueRequest {
        namespace: NAMESPACE.to_owned(),
        task_queue: Some(normal(QUEUE)),
        ..PollActivityTaskQueueRequest::default()
    };
    let activity = caller.service.clone().poll_activity_task_queue(within(request)).await?.into_inner();
    let request = RespondActivityTaskCompletedRequest {
        namespace: NAMESPACE.to_owned(),
        task_token: activity.task_token,
        ..RespondActivityTaskCompletedRequest::default()
    };
    caller.service.clone().respond_activity_task_completed(within(request)).await?;
    let task = workflow_task(caller, &sticky()).await?;
    answer(caller, &task, Vec::new(), Vec::new()).await?;
    Ok(())
}

/// One update: a client sends it and waits for its outcome, which the worker gives at once.
pub(crate) async fn update(caller: &Caller) -> Result<(), Problem> {
    let update_id = id();
    let input = Input { name: "change".to_owned(), ..Input::default() };
    let meta = Meta { update_id: update_id.clone(), ..Meta::default() };
    let request = UpdateWorkflowExecutionRequest {
        namespace: NAMESPACE.to_owned(),
        workflow_execution: Some(WorkflowExecution { workflow_id: WORKFLOW.to_owned(), run_id: String::new() }),
        wait_policy: Some(WaitPolicy { lifecycle_stage: UpdateWorkflowExecutionLifecycleStage::Completed.into() }),
        request: Some(Request { meta: Some(meta.clone()), input: Some(input), ..Request::default() }),
        ..UpdateWorkflowExecutionRequest::default()
    };
    let mut service = caller.service.clone();
    let client = async { Ok::<_, Problem>(service.update_workflow_execution(within(request)).await?.into_inner()) };
    let worker = async {
        let task = workflow_task(caller, &sticky()).await?;
        let asked = task.messages.first().ok_or("an update came without its message")?;
        let accepted = Acceptance {
            accepted_request_message_id: asked.id.clone(),
            accepted_request: asked.body.as_ref().map(|body| Request::decode(body.value.as_slice())).transpose()?,
            ..Acceptance::default()
        };
        let outcome = Outcome { value: Some(outcome::Value::Success(Default::default())) };
        let completed = Response { meta: Some(meta.clone()), outcome: Some(outcome) };
        let messages = vec![message(&update_id, "accepted", &accepted), message(&update_id, "completed", &completed)];
        let names = messages.iter().map(|message| ProtocolMessageCommandAttributes { message_id: message.id.clone() });
        let commands =
            names.map(|name| command(CommandType::ProtocolMessage, Attributes::ProtocolMessageCommandAttributes(name)));
        answer(caller, &task, commands.collect(), messages).await
    };
    let (answer, ()) = tokio::try_join!(client, worker)?;
    if answer.outcome.is_some() { Ok(()) } else { Err("an update has no outcome".into()) }
}

fn normal(name: &str) -> TaskQueue {
    TaskQueue { name: name.to_owned(), ..TaskQueue::default() }
}

fn sticky() -> TaskQueue {
    TaskQueue { kind: TaskQueueKind::Sticky.into(), normal_name: QUEUE.to_owned(), ..normal(STICKY) }
}

fn command(kind: CommandType, attributes: Attributes) -> Command {
    Command { command_type: kind.into(), attributes: Some(attributes), ..Command::default() }
}

fn message<M: Name>(update_id: &str, step: &str, body: &M) -> Message {
    let type_url = format!("type.googleapis.com/{}", M::full_name());
    Message {
        id: format!("{update_id}/{step}"),
        protocol_instance_id: update_id.to_owned(),
        body: Some(Any { type_url, value: body.encode_to_vec() }),
        sequencing_id: None,
    }
}

async fn workflow_task(caller: &Caller, queue: &TaskQueue) -> Result<PollWorkflowTaskQueueResponse, Problem> {
    let request = PollWorkflowTaskQueueRequest {
        namespace: NAMESPACE.to_owned(),
        task_queue: Some(queue.clone()),
        ..PollWorkflowTaskQueueRequest::default()
    };
    let task = caller.service.clone().poll_workflow_task_queue(within(request)).await?.into_inner();
    if task.task_token.is_empty() { Err(format!("nothing came from {}", queue.name).into()) } else { Ok(task) }
}

async fn answer(
    caller: &Caller,
    task: &PollWorkflowTaskQueueResponse,
    commands: Vec<Command>,
    messages: Vec<Message>,
) -> Result<(), Problem> {
    let kept = StickyExecutionAttributes { worker_task_queue: Some(sticky()), schedule_to_start_timeout: Some(LONG) };
    let request = RespondWorkflowTaskCompletedRequest {
        namespace: NAMESPACE.to_owned(),
        task_token: task.task_token.clone(),
        commands,
        messages,
        sticky_attributes: Some(kept),
        ..RespondWorkflowTaskCompletedRequest::default()
    };
    caller.service.clone().respond_workflow_task_completed(within(request)).await?;
    Ok(())
}
